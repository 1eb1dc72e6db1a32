"""The chart of a series' history by one rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from statistics import median

from dawnbench.records.rules import stops_at_target
from dawnbench.report.charts import Axis, Chart, Line, Mark
from dawnbench.report.site import words
from dawnbench.report.site.timeline import Level


def history_chart(rule: str, levels: Sequence[Level]) -> Chart | None:
    """Return the medians over time with their levels; None of a single run, which is no history."""
    runs = [run for level in levels for run in level.runs]
    if len(runs) < 2:
        return None
    begun = _moments([run.created for run in runs])
    x = begun or [float(number) for number in range(1, len(runs) + 1)]
    seconds = [one for level in levels for one in level.seconds]
    lines = [Line("median of a run", x, seconds, dots=True, names=[run.name for run in runs])]
    corners = list(_corners(levels, x))
    lines.append(Line("level", [at for at, _ in corners], [y for _, y in corners], color="red", thick=True))
    what = "time to target" if stops_at_target(rule) else "time of a trial"
    return Chart(
        title=f"{rule}: {what}",
        x=Axis("begun", kind="date") if begun else Axis("run", kind="count"),
        y=Axis("time", "s", digits=3),
        lines=lines,
        marks=list(_marks(levels, x)),
        group="history",
    )


def _corners(levels: Sequence[Level], x: Sequence[float]) -> Iterator[tuple[float, float | None]]:
    """Return each level from its first run to its last, with a gap between two."""
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
            yield Mark(x[start], words.change(1 + level.step.change))
        start += len(level.runs)


def _moments(created: list[str]) -> list[float] | None:
    """Return seconds since 1970; None where a text is no time, or they do not ascend."""
    try:
        read = [datetime.fromisoformat(text) for text in created]
        found = [(time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() for time in read]
    except (ValueError, OverflowError):
        return None
    return found if found == sorted(found) else None
