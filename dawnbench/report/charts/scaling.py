"""A scaling study: time, memory and accuracy along each axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dawnbench.report.charts.chart import Axis, Chart, Color, Line
from dawnbench.stats.scaling_laws import AxisStudy, ScalePoint, ScalingStudy

LABELS = {"batch": "batch size", "width": "width, times the recipe's", "threads": "threads"}
LAW_POINTS = 50


def scaling_charts(study: ScalingStudy) -> list[tuple[Chart, ...]]:
    """Return the charts of time and memory for each axis of a study, and of accuracy if it has a spread."""
    subject = f"{study.recipe_name} on {study.device_name}"
    makers = (_time, _memory, _accuracy) if study.shows_spread else (_time, _memory)
    return [tuple(make(subject, along) for make in makers) for along in study.axes]


def _time(subject: str, along: AxisStudy) -> Chart:
    lines = [_line("measured", along, lambda point: point.epoch_seconds, joined=False)]
    if along.law is not None:
        x = np.geomspace(along.values()[0], along.values()[-1], LAW_POINTS)
        y = [along.law.at(value) for value in x]
        lines.append(Line("law", x, y, "red", thick=True, key="law"))
    return Chart("Time", _axis(along), Axis("time per epoch", "s", scale="log"), lines, subject=subject)


def _memory(subject: str, along: AxisStudy) -> Chart:
    lines = [
        _line("measured", along, lambda point: point.peak_memory_bytes, 1e-9, joined=False),
        _line("predicted", along, lambda point: point.predicted_memory_bytes, 1e-9, "red", dashed=True),
    ]
    return Chart("Memory", _axis(along), Axis("peak memory", "GB", from_zero=True), lines, subject=subject)


def _accuracy(subject: str, along: AxisStudy) -> Chart:
    each = [
        (value, 100 * accuracy)
        for value, point in zip(along.values(), along.points, strict=True)
        for accuracy in point.accuracies
    ]
    x, y = [value for value, _ in each], [accuracy for _, accuracy in each]
    seeds = Line("each seed", x, y, "grey", True, dots=True, joined=False, key="each seed")
    mean = _line("mean", along, lambda point: point.accuracy, 100.0)
    return Chart("Accuracy", _axis(along), Axis("validation accuracy", "%"), [seeds, mean], subject=subject)


def _line(
    label: str,
    along: AxisStudy,
    read: Callable[[ScalePoint], float | None],
    scale: float = 1.0,
    color: Color = "blue",
    *,
    dashed: bool = False,
    joined: bool = True,
) -> Line:
    y: Sequence[float | None] = [
        None if (value := read(point)) is None else scale * value for point in along.points
    ]
    return Line(label, along.values(), y, color, True, dashed, True, joined=joined, key=label)


def _axis(along: AxisStudy) -> Axis:
    return Axis(LABELS[along.axis], scale="log", ticks=along.values())
