"""The whole result in at most 100 lines of 80 columns: each aim next to its measured figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.gpu.figures import Figures

LINES, COLUMNS = 100, 80
NOT_MEASURED = "not measured"
TESTS, KERNELS = 8, 8
"""The most failed tests, and kernels of each profile, that are listed."""
BESIDE_TRAINING = ("to_device", "reset", "init", "final_evaluate")


def summarise(found: Figures) -> list[str]:
    """Return the lines of the page; `found` is the content of the JSON, however incomplete."""
    sections = (_heading, _aims, _problems, _parts, _trials, _segments, _kernels)
    lines = [line for section in sections for line in section(found)]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "(cut here; gpu-check.json has all of it)"]
    return [line if len(line) <= COLUMNS else f"{line[: COLUMNS - 3]}..." for line in lines]


def figure(found: Figures, path: str) -> Any:
    """Return the value at a path such as "parts/speedrun/seconds"; None if there is none."""
    inner: Any = found
    for step in path.split("/"):
        inner = (inner or {}).get(step)
    return inner


def _beside_training(found: Figures) -> float | None:
    medians = [figure(found, f"parts/speedrun/segments/{name}/median") for name in BESIDE_TRAINING]
    return None if None in medians else sum(medians)


def _cold_start(found: Figures) -> float | None:
    fill: Figures = found["fills"].get("speedrun", {})
    return fill.get("start_to_warm") if fill.get("cache_was_empty") else None


def _share_of_peak(found: Figures) -> float | None:
    """Return that of whole epochs, since the profiler's steps have no epoch around them."""
    rate = figure(found, "parts/davidnet/summary/flop_rate/median")
    peak = figure(found, "parts/profile-davidnet/peaks/bf16")
    return rate / peak if rate and peak else None


class Aim(NamedTuple):
    """A figure that the project wants to reach."""

    what: str
    aim: str
    limit: float
    found: str | Callable[[Figures], float | None]
    """Its path, or what reads it."""
    shown: str = "{:.3f} s"
    high: bool = False
    """Whether more is better."""

    def row(self, found: Figures) -> str:
        value = figure(found, self.found) if isinstance(self.found, str) else self.found(found)
        if value is None:
            return f"| {self.what} | {self.aim} | {NOT_MEASURED} | |"
        met = value >= self.limit if self.high else value <= self.limit
        verdict = "dry run" if found["dry_run"] else "met" if met else "missed"
        return f"| {self.what} | {self.aim} | {self.shown.format(value)} | {verdict} |"


SPEEDRUN = "parts/speedrun/summary"
AIMS = (
    Aim("speedrun, strict, median", "0.75 s", 0.75, f"{SPEEDRUN}/strict/median"),
    Aim("speedrun, strict, mean", "0.75 s", 0.75, f"{SPEEDRUN}/strict/mean"),
    Aim("speedrun, strict, median, later", "0.55 s", 0.55, f"{SPEEDRUN}/strict/median"),
    Aim("speedrun, mean accuracy", "94.0 %", 0.94, f"{SPEEDRUN}/accuracy/mean", "{:.2%}", True),
    Aim("speedrun, strict but training", "0.03 s", 0.03, _beside_training, "{:.4f} s"),
    Aim("davidnet, strict, median", "6.5 s", 6.5, "parts/davidnet/summary/strict/median"),
    Aim("davidnet, of the bf16 peak", "60 %", 0.6, _share_of_peak, "{:.1%}", True),
    Aim("speedrun, start to epoch 1, cold", "30 s", 30, _cold_start, "{:.1f} s"),
    Aim("speedrun, start to epoch 1, warm", "10 s", 10, "parts/speedrun/start_to_epoch_1", "{:.1f} s"),
)


def _heading(found: Figures) -> Iterator[str]:
    facts = found["facts"]
    yield from (f"# GPU check on {facts['gpu']}", "")
    if found["dry_run"]:
        yield from ("A dry run on tiny settings: nothing here is a measurement.", "")
    yield f"- torch {facts['torch']}, driver {facts['driver']}, Python {facts['Python']}, {facts['CPU']}"
    yield f"- data {facts['data']}, fingerprint {(facts['fingerprint'] or '')[:16]}"
    yield f"- commit {facts['commit']}"
    yield f"- begun {found['begun']}, budget {found['budget_seconds']:.0f} s"


def _aims(found: Figures) -> Iterator[str]:
    yield from ("", "## Aims", "", "| what | aim | measured | |", "| --- | --- | --- | --- |")
    yield from (aim.row(found) for aim in AIMS)


def _problems(found: Figures) -> Iterator[str]:
    """Yield what failed, each with its last lines."""
    lines = []
    for section, what in (("fills", "filling its compile cache"), ("parts", "measuring")):
        for name, figures in found[section].items():
            if "last_lines" in figures:
                lines += [f"- {name}: {what} failed:", *(f"      {line}" for line in figures["last_lines"])]
            if figures.get("unreadable"):
                lines.append(f"- {name}: its files cannot be read: {figures['unreadable']}")
    failed = figure(found, "parts/gpu-tests/failed") or {}
    lines += [f"- {name.partition('::')[2]}: {reason}" for name, reason in list(failed.items())[:TESTS]]
    if len(failed) > TESTS:
        lines.append(f"- and {len(failed) - TESTS} more failed tests")
    yield from ("", "## Problems", "", *(lines or ["None."]))


def _parts(found: Figures) -> Iterator[str]:
    yield from (
        "",
        "## Parts",
        "",
        "| part | cache filled | state | seconds |",
        "| --- | ---: | --- | ---: |",
    )
    for name, figures in found["parts"].items():
        fill = found["fills"].get(figures["recipe"], {})
        filled = _shown(fill.get("seconds"), "{:.0f} s") if fill.get("state") == "done" else "-"
        counts = "".join(f", {count} {word}" for word, count in figures.get("counts", {}).items())
        yield f"| {name} | {filled} | {figures['state']}{counts} | {figures.get('seconds', 0):.0f} |"


def _trials(found: Figures) -> Iterator[str]:
    yield from ("", "## Trials: medians in seconds, mean accuracy, slowest over fastest epoch", "")
    yield "| recipe | ended | strict | dawnbench | accuracy | epochs |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for name, figures in found["parts"].items():
        if "summary" in figures:
            summary = figures["summary"]
            cells = [_shown(figure(summary, f"{rule}/median"), "{:.3f}") for rule in ("strict", "dawnbench")]
            cells.append(_shown(figure(summary, "accuracy/mean"), "{:.2%}"))
            cells.append(_shown(figure(summary, "epoch_spread/most"), "{:.3f}"))
            ended = figure(summary, "strict/count") or 0
            yield f"| {name} | {ended} of {figures['trials_asked']} | {' | '.join(cells)} |"

    for name, side in (figure(found, "parts/peers/sides") or {}).items():
        yield f"| {name}, by turns | - | {_shown(figure(side, 'strict/median'), '{:.3f}')} | | | |"


def _segments(found: Figures) -> Iterator[str]:
    yield from ("", "## Segments: of a trial, median ms; of the set-up, s", "")
    for name in ("speedrun", "davidnet"):
        figures = found["parts"].get(name, {})
        trial = [f"{one} {1e3 * s['median']:.1f}" for one, s in figures.get("segments", {}).items() if s]
        setup = [f"{one} {seconds:.1f}" for one, seconds in figures.get("set_up", {}).items()]
        yield f"- {name}: {', '.join(trial[:5]) or NOT_MEASURED}"
        yield from (f"  {', '.join(line)}" for line in (trial[5:], setup) if line)


def _kernels(found: Figures) -> Iterator[str]:
    for recipe in ("speedrun", "davidnet"):
        figures = found["parts"].get(f"profile-{recipe}", {})
        yield from ("", f"## A step of {recipe}", "")
        if "kernels" not in figures:
            yield NOT_MEASURED
            continue
        step, best, share = (figures[name] for name in ("step_seconds", "best_seconds", "share_of_peak"))
        yield f"{1e3 * step:.3f} ms, {1e3 * best:.3f} at the roofs; {share:.1%} of the peak"
        yield from ("", "| kernel | ms | of its roof |", "| --- | ---: | ---: |")
        for one in figures["kernels"][:KERNELS]:
            yield f"| {one['name'][:50]} | {1e3 * one['seconds']:.3f} | {_shown(one['reached'], '{:.0%}')} |"


def _shown(value: float | None, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)
