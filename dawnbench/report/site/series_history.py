"""The history of each series of runs: the levels of its times, and the chart that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from dawnbench.records.identity import RunIdentity, recipe_labels
from dawnbench.records.rules import is_per_image, stops_at_target, suiting_rule
from dawnbench.report.charts import Axis, Chart, Line, Mark
from dawnbench.report.site.site_folder import series_page
from dawnbench.report.site.site_layout import change
from dawnbench.report.units import time_unit
from dawnbench.stats.entries import Entry, histories
from dawnbench.stats.step_changes import Step, step_changes


@dataclass(frozen=True, slots=True)
class Level:
    """Successive runs whose times are on one level."""

    runs: tuple[Entry, ...]
    seconds: tuple[float, ...]
    """The mean of each run, with misses counted; as long as `runs`."""
    step: Step | None
    """The step to this level; None for the first level."""


@dataclass(frozen=True, slots=True)
class SeriesHistory:
    """One series of runs."""

    key: RunIdentity
    label: str
    """The recipe and what was changed in it, with its digest if two would look alike."""
    page: str
    runs: tuple[Entry, ...]
    """The oldest first."""
    levels: dict[str, tuple[Level, ...]]
    """By timing rule; rules that give no run a time are left out."""

    @property
    def title(self) -> str:
        """The recipe, its device and the number of threads."""
        return f"{self.label} on {self.key.machine}"

    def steps(self, rule: str) -> tuple[Level, ...]:
        """Return the levels that start with a step, by the rule that suits the series."""
        return self.levels.get(self.rule(rule), ())[1:]

    def rule(self, asked: str) -> str:
        """Return a rule, or the usual one of this kind of run if no such run reports it."""
        return suiting_rule(self.key.kind, asked)


def series_histories(entries: Iterable[Entry]) -> tuple[SeriesHistory, ...]:
    """Return every series with its step changes."""
    series = histories(entries)
    labels = recipe_labels(series)
    return tuple(
        SeriesHistory(key, labels[key], series_page(key), runs, _levels(runs)) for key, runs in series.items()
    )


def history_chart(rule: str, levels: Sequence[Level]) -> Chart | None:
    """Return the means over time with their levels; None if there are fewer than two runs."""
    runs = [run for level in levels for run in level.runs]
    if len(runs) < 2:
        return None
    started = _timestamps([run.created for run in runs])
    x = started or [float(number) for number in range(1, len(runs) + 1)]
    seconds = [one for level in levels for one in level.seconds]
    ends = list(_level_ends(levels, x))
    what = "time to target" if stops_at_target(rule) else "time of a trial"
    unit = time_unit(rule)
    if is_per_image(rule):
        what, ends = "latency of an image", [(at, None if y is None else unit.scale * y) for at, y in ends]
    return Chart(
        title=f"{rule}: {what}",
        x=Axis("started", kind="date") if started else Axis("run", kind="count"),
        y=Axis("latency", unit.name, digits=4) if is_per_image(rule) else Axis("time", "s", digits=3),
        lines=[
            Line(
                "mean of a run",
                x,
                [unit.scale * one for one in seconds],
                dots=True,
                names=[run.name for run in runs],
            ),
            Line("level", [at for at, _ in ends], [y for _, y in ends], color="red", thick=True),
        ],
        marks=list(_marks(levels, x)),
        group="history",
    )


def _levels(runs: Sequence[Entry]) -> dict[str, tuple[Level, ...]]:
    found = {}
    for rule in dict.fromkeys(time.rule for run in runs for time in run.times):
        timed = [(run, time.expected) for run in runs if (time := run.time(rule)) and time.expected]
        if not timed:
            continue
        steps = step_changes([seconds for _, seconds in timed])
        edges = [0, *(step.place for step in steps), len(timed)]
        parts = (timed[start:stop] for start, stop in pairwise(edges))
        found[rule] = tuple(
            Level(tuple(run for run, _ in part), tuple(seconds for _, seconds in part), step)
            for part, step in zip(parts, (None, *steps), strict=True)
        )
    return found


def _level_ends(levels: Sequence[Level], x: Sequence[float]) -> Iterator[tuple[float, float | None]]:
    """Return the first and last point of each level, with a gap between two levels."""
    start = 0
    for level in levels:
        stop = start + len(level.runs)
        if start:
            yield (x[start - 1] + x[start]) / 2, None
        yield from ((at, median(level.seconds)) for at in (x[start], x[stop - 1]))
        start = stop


def _marks(levels: Sequence[Level], x: Sequence[float]) -> Iterator[Mark]:
    start = 0
    for level in levels:
        if level.step is not None:
            yield Mark(x[start], change(1 + level.step.change))
        start += len(level.runs)


def _timestamps(created: list[str]) -> list[float] | None:
    """Return seconds since 1970; None if a text is not a time, or if they do not ascend."""
    try:
        read = [datetime.fromisoformat(text) for text in created]
        found = [(time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() for time in read]
    except (ValueError, OverflowError):
        return None
    return found if found == sorted(found) else None
