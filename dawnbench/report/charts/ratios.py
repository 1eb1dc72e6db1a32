"""A comparison: how long the other takes, over the reference, under each rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dawnbench.report.charts.chart import Axis, Estimate
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.sentences import verdict_sentence


@dataclass(frozen=True, slots=True)
class RatioChart:
    """A ratio of times per timing rule, on a logarithmic axis with 1 marked."""

    title: str
    """The verdict."""
    x: Axis
    rows: Sequence[Estimate]
    """By rule; at least one."""
    verdict: str
    """The rule of the row that gives the verdict."""

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of an axis that hold 1, every ratio and every interval, with room on both sides."""
        values = [1.0, *(value for row in self.rows for value in (row.value, row.low, row.high) if value)]
        low, high = min(values), max(values)
        room = max(1.02, (high / low) ** 0.15)
        return low / room, high * room


def ratio_chart(comparison: Comparison) -> RatioChart | None:
    """Return the ratio of times with its interval under each rule; None if no ratio is finite."""
    rows = []
    for time in comparison.times:
        ratio = time.ratio
        if ratio is None or not 0 < ratio.value < math.inf:
            continue
        low, high = (None, None) if ratio.interval is None else (ratio.interval.low, ratio.interval.high)
        is_drawable = low is not None and high is not None and 0 < low <= high < math.inf
        rows.append(Estimate(time.rule, ratio.value, *((low, high) if is_drawable else (None, None))))
    if not rows:
        return None
    return RatioChart(
        title=verdict_sentence(comparison),
        x=Axis("time of the other over the reference's, 99 % interval; left of 1 is faster", scale="log"),
        rows=rows,
        verdict=comparison.verdict.rule,
    )
