"""The distribution of a run's times under one rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dawnbench.records.rules import is_per_image, stops_at_target
from dawnbench.report.charts.chart import Axis, Estimate
from dawnbench.report.units import time_unit
from dawnbench.stats.trial_values import Times


@dataclass(frozen=True, slots=True)
class TimesChart:
    """A dot per trial along one axis of time, and their mean."""

    title: str
    x: Axis
    reached: Sequence[float]
    """Of the trials that have a time under the rule, in the unit of the axis."""
    reached_label: str
    missed: Sequence[float]
    """Spent by those that missed the target."""
    missed_label: str
    mean: Estimate
    """Of `reached`."""


def times_chart(times: Times, title: str) -> TimesChart | None:
    """Return each trial's time with the mean and its interval; None if no trial has a time."""
    if times.sample is None:
        return None
    interval, unit = times.sample.interval, time_unit(times.rule)
    label = "latency of an image" if is_per_image(times.rule) else f"time under the {times.rule} rule"
    return TimesChart(
        title=title,
        x=Axis(label, unit.name, digits=3),
        reached=[unit.scale * one for one in times.reached],
        reached_label=_one(times.rule),
        missed=[unit.scale * one for one in times.missed],
        missed_label="missed the target, time spent",
        mean=Estimate(
            "mean and its 95 % interval",
            unit.scale * times.sample.mean,
            None if interval is None else unit.scale * interval.low,
            None if interval is None else unit.scale * interval.high,
        ),
    )


def _one(rule: str) -> str:
    if is_per_image(rule):
        return "one pass over the test images"
    return "reached the target" if stops_at_target(rule) else "one trial"
