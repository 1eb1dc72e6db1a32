"""The distribution of a run's times under one rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dawnbench.records.rules import stops_at_target
from dawnbench.report.charts.chart import Axis, Estimate
from dawnbench.stats.trial_values import Times


@dataclass(frozen=True, slots=True)
class TimesChart:
    """A dot per trial along one axis of time, and their mean."""

    title: str
    x: Axis
    reached: Sequence[float]
    """Seconds of the trials that have a time under the rule."""
    reached_label: str
    missed: Sequence[float]
    """Seconds spent by those that missed the target."""
    missed_label: str
    mean: Estimate
    """Of `reached`."""


def times_chart(times: Times, title: str) -> TimesChart | None:
    """Return each trial's time with the mean and its interval; None if no trial has a time."""
    if times.sample is None:
        return None
    interval = times.sample.interval
    return TimesChart(
        title=title,
        x=Axis(f"time under the {times.rule} rule", "s", digits=3),
        reached=times.reached,
        reached_label="reached the target" if stops_at_target(times.rule) else "one trial",
        missed=times.missed,
        missed_label="missed the target, time spent",
        mean=Estimate(
            "mean and its 95 % interval",
            times.sample.mean,
            None if interval is None else interval.low,
            None if interval is None else interval.high,
        ),
    )
