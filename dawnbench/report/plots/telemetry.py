"""What the hardware did during a trial, with its epochs marked and throttling shaded."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dawnbench.records.reader import Run
from dawnbench.records.samples import Samples
from dawnbench.records.schema import TrialRecord
from dawnbench.report.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_figure,
    plain_label,
)
from dawnbench.report.units import metric_name
from dawnbench.safe_text import figure_text
from dawnbench.stats.progress import median_trial

PANELS = {"W": "power, W", "%": "use, %", "degC": "temperature, °C", "MHz": "clock, MHz"}
"""By unit, in their order; a metric in another unit is in the table alone."""
COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
MAX_EPOCHS_MARKED = 40


def draw_telemetry(run: Run, samples: Samples | None, rule: str) -> Figure | None:
    """Draw the readings of the median trial over its seconds; None where there are none of these units."""
    median = median_trial(run.trials, rule)
    found = None if median is None or samples is None else samples.of_trial(median)
    if median is None or found is None:
        return None
    by_unit = metrics_by_unit(median, found)
    if not by_unit:
        return None
    figure = new_figure(0.6 + 1.5 * len(by_unit), f"{run.record.device_name}, trial {median.trial}")
    panels = figure.subplots(len(by_unit), 1, sharex=True, squeeze=False)[:, 0]
    x = found.t_ns / 1e9
    for axes, (unit, names) in zip(panels, by_unit.items(), strict=True):
        for name, color in zip(names, itertools.cycle(COLORS)):
            known = ~np.isnan(found.values[name])
            axes.plot(
                x[known],
                found.values[name][known],
                color=color,
                linewidth=1,
                label=figure_text(metric_name(name)),
            )
        axes.set_ylabel(PANELS[unit], parse_math=False)
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower right", ncols=3, fontsize=7)
        _shade_throttling(axes, found)
        _mark_epochs(axes, median)
    plain_label(panels[-1], "seconds since the trial began; dotted: ends of epochs", panels[-1].get_ylabel())
    panels[-1].set_xlim(0, median.wall_seconds or x[-1])
    return figure


def metrics_by_unit(trial: TrialRecord, samples: Samples) -> dict[str, list[str]]:
    """Return the names of a trial's metrics that can be drawn, by their unit."""
    readings = {} if trial.telemetry is None else trial.telemetry.readings
    found: dict[str, list[str]] = {unit: [] for unit in PANELS}
    for name, column in samples.values.items():
        unit = readings[name].unit if name in readings else ""
        if unit in found and not np.isnan(column).all():
            found[unit].append(name)
    return {unit: names for unit, names in found.items() if names}


def throttled_stretches(samples: Samples) -> list[tuple[float, float]]:
    """Return from when to when, in seconds, the GPU gave a reason for running below its clocks."""
    stretches: list[tuple[float, float]] = []
    times = samples.t_ns / 1e9
    begun: float | None = None
    for time, reasons in zip(times, samples.throttle, strict=True):
        if reasons and begun is None:
            begun = float(time)
        elif not reasons and begun is not None:
            stretches.append((begun, float(time)))
            begun = None
    if begun is not None:
        stretches.append((begun, float(times[-1])))
    return stretches


def _shade_throttling(axes: Axes, samples: Samples) -> None:
    for start, end in throttled_stretches(samples):
        axes.axvspan(start, end, color=VERMILION, alpha=0.15, linewidth=0)


def _mark_epochs(axes: Axes, trial: TrialRecord) -> None:
    ends = [(s.start_ns + s.length_ns) / 1e9 for s in trial.segments if s.name == "train"]
    for end in ends if len(ends) <= MAX_EPOCHS_MARKED else ():
        axes.axvline(end, color=GREY, linestyle=":", linewidth=0.8)
