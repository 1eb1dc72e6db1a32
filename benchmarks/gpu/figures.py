"""What a part has left on the disk so far, as figures for the JSON; all can be read while it still runs.

Times are in seconds, rates in FLOP/s, shares and accuracies from 0 to 1.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.processes import last_line
from dawnbench.records.reader import Run, read_run
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import Segment, TrialRecord
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.sample import Sample, describe
from dawnbench.stats.trial_summary import summarise

Figures = dict[str, Any]
TOP_KERNELS = 15
OUTCOME = re.compile(r"^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b", re.MULTILINE)


def of_suite(log: Path) -> Figures:
    """Return from pytest's verbose output how many tests ended how, and why the failed ones did."""
    text = _text(log)
    outcomes = dict(OUTCOME.findall(text))
    failed = [name for name, word in outcomes.items() if word in ("FAILED", "ERROR")]
    return {
        "counts": Counter(word.lower() for word in outcomes.values()),
        "failed": {name: _reason(name, text) for name in failed},
    }


def _reason(test: str, text: str) -> str:
    found = re.search(rf"^(?:FAILED|ERROR) {re.escape(test)} - (.*)$", text, re.MULTILINE)
    return found[1] if found else "no reason was printed"


def of_run(folder: Path) -> Figures:
    """Return the trials of the run folder that lies in `folder`; nothing before there is one."""
    found = sorted(folder.glob("*/run.json"))
    if not found:
        return {}
    run = read_run(found[-1].parent)
    summary = summarise(trial_set_of(run))
    times = dict.fromkeys(RULES_BY_NAME) | {timed.rule: timed.sample for timed in summary.times}
    trials = [_trial(run, trial) for trial in run.trials]
    finished = [trial for trial in trials if trial["status"] == "finished"]
    samples = times | {"accuracy": summary.accuracy, "joules": summary.energy}
    samples |= {name: _describe(one[name] for one in finished) for name in ("epoch_spread", "flop_rate")}
    segments = dict.fromkeys(name for one in finished for name in one["segments"])
    return {
        "trials_asked": run.record.trials,
        "precision": run.record.precision,
        "fingerprint": run.record.data.fingerprint,
        "summary": {name: sample and asdict(sample) for name, sample in samples.items()},
        "segments": {
            name: asdict(sample)
            for name in segments
            if (sample := _describe(one["segments"].get(name) for one in finished))
        },
        **(_set_up(run.trials[0].segments) if run.trials else {}),
        "trials": trials,
    }


def _trial(run: Run, trial: TrialRecord) -> Figures:
    epochs = [epoch.train_seconds for epoch in run.epochs_of(trial.trial) if epoch.train_seconds]
    whole, wall, flops = trial.status == "finished", trial.wall_seconds, run.record.model.flops_per_trial
    shown = ("trial", "status", "reason", "accuracy", "warnings", "epochs_to_target", "peak_memory_bytes")
    found: Figures = {
        **{name: getattr(trial, name) for name in shown},
        **trial.seconds,
        "epoch_seconds": epochs,
        "epoch_spread": max(epochs) / min(epochs) if whole and epochs else None,
        "flop_rate": flops / sum(epochs) if whole and epochs and flops else None,
        "segments": _sums(segment for segment in trial.segments if segment.start_ns >= 0),
    }
    telemetry = trial.telemetry
    if telemetry is None or not wall:
        return found
    power = telemetry.readings.get("gpu_power")
    return found | {
        "joules": telemetry.energy_joules,
        "joules_by_samples": power and power.mean * wall,
        "samples_per_second": telemetry.samples / wall,
        "throttle_reasons": telemetry.throttle_reasons,
    }


def _set_up(segments: tuple[Segment, ...]) -> Figures:
    """Return what a run did before its first trial, and the time from the process's start to epoch 1."""
    starts = {s.name: s.start_ns for s in reversed(segments)}
    known = {"startup", "train"} <= starts.keys()
    return {
        "set_up": _sums(segment for segment in segments if segment.start_ns < 0),
        "start_to_epoch_1": (starts["train"] - starts["startup"]) / 1e9 if known else None,
    }


def of_profile(path: Path) -> Figures:
    """Return the step's time, its rate against the peak of its precision, and the longest kernels."""
    if not path.is_file():
        return {}
    found = json.loads(_text(path))
    peaks = {peak["work"]: peak["rate"] for peak in found["peaks"]["products"]}
    rate = sum(row["flops"] or 0 for row in found["rows"]) / found["step_seconds"]
    shown = ("name", "shapes", "calls", "seconds", "bound", "reached")
    return {
        **{name: found[name] for name in ("precision", "batch_size", "step_seconds", "profiled_seconds")},
        **found["gap"],
        "flop_rate": rate,
        "share_of_peak": rate / peaks.get(found["precision"], peaks["fp32"]),
        "peaks": peaks | {work: found["peaks"][work]["rate"] for work in ("memory", "cache")},
        "kernels": [{name: row[name] for name in shown} for row in found["rows"][:TOP_KERNELS]],
    }


def of_peers(folder: Path) -> Figures:
    """Return each side's strict seconds from the run folders that `benchmarks.peers` leaves."""
    sides: dict[str, list[float | None]] = {}
    for path in sorted(folder.glob("*/run.json")):
        run = read_run(path.parent)
        seconds = sides.setdefault(run.record.recipe_name, [])
        seconds += (trial.seconds.get("strict") for trial in run.trials)
    samples = {side: _describe(seconds) for side, seconds in sides.items()}
    return {"sides": {side: {"strict": sample and asdict(sample)} for side, sample in samples.items()}}


def of_json(log: Path) -> Figures:
    """Return what a process printed as JSON on its last line; nothing while it has not."""
    try:
        found: Figures = json.loads(last_line(_text(log)))
    except ValueError:
        return {}
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _sums(segments: Iterable[Segment]) -> dict[str, float]:
    """Return the seconds of the segments of each name."""
    sums: Counter[str] = Counter()
    for segment in segments:
        sums[segment.name] += segment.length_ns
    return {name: length / 1e9 for name, length in sums.items()}


def _describe(figures: Iterable[float | None]) -> Sample | None:
    return describe([figure for figure in figures if figure is not None])
