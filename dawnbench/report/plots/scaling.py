"""A scaling study drawn: time, memory and accuracy along each axis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from dawnbench.report.plots.style import BLUE, VERMILION, save
from dawnbench.report.scaling import ScalingStudy
from dawnbench.safe_text import plain
from dawnbench.stats.scaling import AxisStudy, ScalePoint

INCHES = (3.6, 2.8)
"""Of one panel: width and height."""
LABELS = {"batch": "batch size", "width": "width, times the recipe's", "threads": "threads"}
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")
MEASURED, PREDICTED = BLUE, VERMILION


def write_scaling_figure(study: ScalingStudy, stem: Path) -> list[Path]:
    """Draw a row of panels for each axis into `stem`.svg and `stem`.png; return the two paths.

    Raises:
        DawnbenchError: the disk does not take them.
    """
    return save(draw_scaling(study), stem)


def draw_scaling(study: ScalingStudy) -> Figure:
    """Return the figure."""
    rows = len(study.axes)
    figure = Figure(figsize=(3 * INCHES[0], rows * INCHES[1] + 0.4), layout="constrained")
    figure.suptitle(plain(f"{study.recipe_name} on {study.device_name}"), parse_math=False)
    panels = figure.subplots(rows, 3, squeeze=False)
    for along, (time, memory, accuracy) in zip(study.axes, panels, strict=True):
        _time(time, along)
        _memory(memory, along)
        _series(accuracy, along, lambda point: point.accuracy, 100.0, "o-", color=MEASURED)
        accuracy.set_ylabel("validation accuracy, %")
        for panel in (time, memory, accuracy):
            _finish(panel, along)
    return figure


def _time(panel: Axes, along: AxisStudy) -> None:
    _series(panel, along, lambda point: point.epoch_seconds, 1.0, "o", color=MEASURED, label="measured")
    if along.law is not None:
        values = along.values()
        x = np.geomspace(values[0], values[-1], 50)
        panel.plot(x, [along.law.at(value) for value in x], color=PREDICTED, label="law")
        panel.legend()
    if along.points:
        panel.set_yscale("log")
    # Powers of ten alone would leave most of these axes without a label.
    panel.yaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(PLAIN)
    panel.set_ylabel("seconds an epoch")


def _memory(panel: Axes, along: AxisStudy) -> None:
    for read, style, color, label in (
        (lambda point: point.peak_memory_bytes, "o", MEASURED, "measured"),
        (lambda point: point.predicted_memory_bytes, "x--", PREDICTED, "predicted"),
    ):
        _series(panel, along, read, 1e-9, style, color=color, label=label)
    known = [
        count for p in along.points for count in (p.peak_memory_bytes, p.predicted_memory_bytes) if count
    ]
    if known:
        panel.legend()
        panel.set_ylim(0, 1.1e-9 * max(known))
    panel.set_ylabel("peak memory, GB")


def _series(
    panel: Axes,
    along: AxisStudy,
    read: Callable[[ScalePoint], float | None],
    scale: float,
    style: str,
    **look: Any,
) -> None:
    known = [(x, y) for x, p in zip(along.values(), along.points, strict=True) if (y := read(p)) is not None]
    panel.plot([x for x, _ in known], [scale * y for _, y in known], style, **look)


def _finish(panel: Axes, along: AxisStudy) -> None:
    panel.set_xlabel(LABELS[along.axis])
    if along.points:
        panel.set_xscale("log", base=2)
        panel.set_xticks(along.values())
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(PLAIN)
    panel.grid(alpha=0.3)
