"""What the hardware did during a trial, with its epochs marked and throttled stretches shaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, groupby

import numpy as np

from dawnbench.records.bounds import MAX_FIGURE
from dawnbench.records.reader import Run
from dawnbench.records.samples import Samples
from dawnbench.records.schema import TrialRecord
from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Mark, Span
from dawnbench.report.units import metric_name, of_all_gpus
from dawnbench.safe_text import plain

COLORS: tuple[Color, ...] = ("blue", "red", "green", "purple", "grey")


@dataclass(frozen=True, slots=True)
class Panel:
    """The metrics of one unit, which share a chart."""

    title: str
    unit: str
    """As shown."""
    digits: int
    """Decimals of a value in that unit."""
    from_zero: bool
    """Temperatures and clocks vary little and far from zero."""
    scale: float = 1.0
    """The unit shown in the unit recorded."""


PANELS = {
    "W": Panel("Power", "W", 1, from_zero=True),
    "%": Panel("Utilization", "%", 1, from_zero=True),
    "degC": Panel("Temperature", "°C", 1, from_zero=False),
    "MHz": Panel("Clocks", "MHz", 0, from_zero=False),
    "bytes": Panel("Memory", "GB", 3, from_zero=True, scale=1e9),
}
"""By the unit recorded, in their order; a metric in another unit is in the table alone."""


def metric_units(run: Run) -> dict[str, str]:
    """Return the unit in which each metric was recorded, by the metric's name."""
    recorded = (trial.telemetry.readings for trial in run.trials if trial.telemetry is not None)
    return {name: reading.unit for readings in recorded for name, reading in readings.items()}


def telemetry_charts(trial: TrialRecord, samples: Samples, units: Mapping[str, str]) -> list[Chart]:
    """Return a chart for each unit in which a trial has readings, over its seconds.

    `samples` are the trial's own. All lines share one x; a reading that is missing or too large to be one
    is NaN.
    """
    x = samples.t_ns / 1e9
    marks = [Mark(s.start_ns / 1e9, str(s.epoch)) for s in trial.segments if s.name == "train" and s.epoch]
    spans = throttled_spans(samples)
    charts = []
    for unit, panel in PANELS.items():
        columns = {
            name: _shown(values, panel) for name, values in samples.values.items() if units.get(name) == unit
        }
        known = {name: y for name, y in columns.items() if not np.isnan(y).all()}
        if not known:
            continue
        colors = cycle(COLORS)
        # Those of single GPUs come first, below that of all.
        lines = [
            Line(plain(metric_name(name)), x, y, "grey", key="each GPU")
            if of_all_gpus(name)
            else Line(plain(metric_name(name)), x, y, next(colors), key=plain(metric_name(name)))
            for name, y in sorted(known.items(), key=lambda one: of_all_gpus(one[0]) is None)
        ]
        charts.append(
            Chart(
                title=panel.title,
                x=Axis("time since the trial began", "s", digits=3, from_zero=True),
                y=Axis(panel.title.lower(), panel.unit, digits=panel.digits, from_zero=panel.from_zero),
                lines=lines,
                marks=marks,
                spans=spans,
                group="telemetry",
                height=220,
                shared=True,
            )
        )
    return charts


def throttled_spans(samples: Samples) -> list[Span]:
    """Return each stretch in which the GPU gave the same reasons for running below its clocks.

    It lasts from its first sample to the first one with other reasons or none, in seconds.
    """
    spans, place = [], 0
    for reasons, same in groupby(samples.throttle):
        start, place = place, place + sum(1 for _ in same)
        if reasons:
            end = min(place, len(samples) - 1)
            words = plain(", ".join(reasons))
            spans.append(Span(samples.t_ns[start] / 1e9, samples.t_ns[end] / 1e9, words))
    return spans


def _shown(values: np.ndarray, panel: Panel) -> np.ndarray:
    return np.where(np.abs(values) < MAX_FIGURE, values, np.nan) / panel.scale
