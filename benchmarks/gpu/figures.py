"""The figures that the parts leave on the disk, and the result in at most 100 lines of 80 columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median
from textwrap import wrap
from typing import Any, NamedTuple

from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.progress import spread_by_segment
from dawnbench.stats.trial_summary import summarise

Figures = dict[str, Any]
LINES, COLUMNS = 100, 80
NOT_MEASURED = "not measured"
BESIDE_TRAINING = ("to_device", "reset", "init", "final_evaluate")
"""The other segments that the rule strict counts."""


def read_figures(folder: Path, name: str) -> Figures:
    """Return the figures that the part of this name has left in `folder` so far."""
    try:
        profile = folder / f"{name}.json"
        return of_profile(profile) if profile.is_file() else of_run(folder / name)
    except Exception as error:  # a file may be half written, and the other parts are still worth having
        return {"unreadable": f"{type(error).__name__}: {error}"}


def of_run(folder: Path) -> Figures:
    """Return the figures of the run folder in `folder`, finished or not; nothing before there is one.

    Times are in seconds, accuracies from 0 to 1.
    """
    found = sorted(folder.glob("*/run.json"))
    if not found:
        return {}
    run = read_run(found[-1].parent)
    summary = summarise(trial_set_of(run))
    segments = {name: mean for name, (mean, _, _) in spread_by_segment(run.trials).items()}
    figures: Figures = {
        "trials": f"{len(run.trials)} of {run.record.trials}",
        "accuracy": summary.accuracy and summary.accuracy.mean,
        "segments": segments,
        "beside_training": sum(segments.get(name, 0) for name in BESIDE_TRAINING) if segments else None,
        **{times.rule: asdict(times.sample) for times in summary.times if times.sample},
    }
    if run.trials:
        starts = {segment.name: segment.start_ns for segment in reversed(run.trials[0].segments)}
        if {"startup", "train"} <= starts.keys():
            figures["start_to_epoch_1"] = (starts["train"] - starts["startup"]) / 1e9
    seconds = [epoch.train_seconds for epoch in run.epochs if epoch.train_seconds]
    if run.record.model.flops_per_trial and seconds:
        per_epoch = run.record.model.flops_per_trial / run.record.recipe["epochs"]
        figures["flop_rate"] = per_epoch / median(seconds)
    return figures


def of_profile(path: Path) -> Figures:
    """Return the seconds of a step, at the roofs too, and the peaks in FLOP/s."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return {
        "step_seconds": found["step_seconds"],
        "best_seconds": found["gap"]["best_seconds"],
        "peaks": {peak["work"]: peak["rate"] for peak in found["peaks"]["products"]},
    }


def figure(found: Figures, path: str) -> Any:
    """Return the value at a path such as "parts/speedrun/strict/mean"; None if there is none."""
    inner: Any = found
    for step in path.split("/"):
        inner = (inner or {}).get(step)
    return inner


def _cold_start(found: Figures) -> float | None:
    return figure(found, "fills/speedrun/start_to_epoch_1") if found.get("cache_was_empty") else None


def _share_of_peak(found: Figures) -> float | None:
    """Return that of whole epochs, since the profiler's steps have no epoch around them."""
    rate = figure(found, "parts/davidnet/flop_rate")
    peak = figure(found, "parts/profile-davidnet/peaks/bf16")
    return rate / peak if rate and peak else None


class Goal(NamedTuple):
    """A figure that the project wants to reach."""

    what: str
    goal: str
    limit: float
    found: str | Callable[[Figures], float | None]
    """Its path, or what reads it."""
    shown: str = "{:.3f} s"
    high: bool = False
    """Whether more is better."""

    def row(self, found: Figures) -> str:
        value = figure(found, self.found) if isinstance(self.found, str) else self.found(found)
        if value is None:
            return f"| {self.what} | {self.goal} | {NOT_MEASURED} | |"
        met = value >= self.limit if self.high else value <= self.limit
        verdict = "dry run" if found["dry_run"] else "met" if met else "missed"
        return f"| {self.what} | {self.goal} | {self.shown.format(value)} | {verdict} |"


GOALS = (
    Goal("speedrun, strict, median", "0.75 s", 0.75, "parts/speedrun/strict/median"),
    Goal("speedrun, strict, mean", "0.75 s", 0.75, "parts/speedrun/strict/mean"),
    Goal("speedrun, strict, median, later", "0.55 s", 0.55, "parts/speedrun/strict/median"),
    Goal("speedrun, mean accuracy", "94.0 %", 0.94, "parts/speedrun/accuracy", "{:.2%}", True),
    Goal("speedrun, strict but training", "0.03 s", 0.03, "parts/speedrun/beside_training", "{:.4f} s"),
    Goal("davidnet, strict, median", "6.5 s", 6.5, "parts/davidnet/strict/median"),
    Goal("davidnet, of the bf16 peak", "60 %", 0.6, _share_of_peak, "{:.1%}", True),
    Goal("speedrun, start to epoch 1, cold", "30 s", 30, _cold_start, "{:.1f} s"),
    Goal("speedrun, start to epoch 1, warm", "10 s", 10, "parts/speedrun/start_to_epoch_1", "{:.1f} s"),
)


def page(found: Figures) -> str:
    """Return the page; `found` is the content of the JSON, however incomplete."""
    lines = [*_heading(found), *_goals(found), *_parts(found), *_said(found)]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "(cut here; gpu-check.json has all of it)"]
    return "".join(f"{line if len(line) <= COLUMNS else line[: COLUMNS - 3] + '...'}\n" for line in lines)


def _heading(found: Figures) -> Iterator[str]:
    facts = found["facts"]
    git = facts["git"] or {"commit": "unknown: no git checkout", "dirty": False}
    yield from (f"# GPU check on {facts['device']}", "")
    if found["dry_run"]:
        yield from ("A dry run on tiny settings: nothing here is a measurement.", "")
    yield f"- torch {facts['packages']['torch']}, driver {facts['gpu']['driver']}, Python {facts['python']}"
    yield f"- {facts['cpu']['model']}, {facts['cpu']['logical_cores']} logical cores"
    yield f"- commit {git['commit']}{' with changes' if git['dirty'] else ''}"
    yield f"- begun {found['begun']}, budget {found['budget_seconds']:.0f} s"


def _goals(found: Figures) -> Iterator[str]:
    yield from ("", "## Goals", "", "| what | goal | measured | |", "| --- | --- | --- | --- |")
    yield from (goal.row(found) for goal in GOALS)


def _parts(found: Figures) -> Iterator[str]:
    yield from ("", "## Parts", "", "| part | cache filled | state | seconds | trials |")
    yield "| --- | ---: | --- | ---: | ---: |"
    for name, part in found["parts"].items():
        fill = found["fills"].get(part["recipe"], {})
        filled = f"{fill['seconds']:.0f} s" if fill.get("state") == "done" else "-"
        seconds = f"{part.get('seconds', 0):.0f}"
        yield f"| {name} | {filled} | {part['state']} | {seconds} | {part.get('trials', '-')} |"


def _said(found: Figures) -> Iterator[str]:
    """Yield the last lines of what each part printed, what failed first; of filling only what failed."""
    fills = [(f"filling the cache for {name}", fill) for name, fill in found["fills"].items()]
    failed = [(name, fill) for name, fill in fills if fill["state"] == "failed"]
    said = [(name, one) for name, one in (*failed, *found["parts"].items()) if one.get("said")]
    for name, one in sorted(said, key=lambda pair: pair[1]["state"] != "failed"):
        yield from ("", f"## {name}: {one['state']}", "")
        for line in one["said"]:  # a failed test's reason comes after its long name
            yield from wrap(line, COLUMNS)[:2]
        if one.get("unreadable"):
            yield f"its files cannot be read: {one['unreadable']}"
