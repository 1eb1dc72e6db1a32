"""The accuracies of several models, drawn in one panel, or in one panel each if they are many."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dawnbench.report.charts.models import SeriesChart
from dawnbench.report.plots.scales import error_axis
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
from dawnbench.safe_text import plain

LOOKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (VERMILION, "D"), (PURPLE, "v"), (SKY, "P"))
"""Colour and marker of each line, as many as one panel can show readably."""
COLUMNS = 3
"""Of panels."""
MAX_LETTERS = 22
"""Of a model's name; more would run into the next panel's."""


def draw_series(chart: SeriesChart) -> Figure:
    """Draw each model's accuracy by epoch with its target."""
    return _one_panel(chart) if len(chart.curves) <= len(LOOKS) else _panels(chart)


def _shortened(name: str) -> str:
    """Return a name without its middle if it is long: two runs of one recipe differ at the end."""
    half, shown = (MAX_LETTERS - 1) // 2, plain(name)
    return shown if len(shown) <= MAX_LETTERS else f"{shown[: MAX_LETTERS - 1 - half]}…{shown[-half:]}"


def _one_panel(chart: SeriesChart) -> Figure:
    figure = new_figure(4.2, chart.title)
    axes = figure.subplots()
    for curve, (color, marker) in zip(chart.curves, LOOKS, strict=False):
        axes.plot(
            curve.epochs,
            curve.accuracies,
            color=color,
            marker=marker,
            markersize=4,
            linewidth=1.6,
            label=_shortened(curve.name),
        )
    targets = {curve.target for curve in chart.curves}
    if len(targets) == 1:
        axes.axhline(targets.pop(), color="black", linestyle="--", linewidth=1, label="target")
    else:
        _mark_targets(axes, chart)
    _scale(axes, chart)
    plain_label(axes, chart.x.title, chart.y.title)
    handles, _ = axes.get_legend_handles_labels()
    for text in figure.legend(handles=handles, loc="outside lower center", ncols=COLUMNS).get_texts():
        text.set_parse_math(False)
    return figure


def _mark_targets(axes: Axes, chart: SeriesChart) -> None:
    """Point at each model's target from the right: as many lines across would hide the curves."""
    for curve, (color, _) in zip(chart.curves, LOOKS, strict=False):
        at_edge = axes.get_yaxis_transform()
        axes.plot([1.012], [curve.target], "<", color=color, markersize=6, transform=at_edge, clip_on=False)
    axes.plot([], [], "<", color=GREY, markersize=6, label="its target, at the right edge")


def _panels(chart: SeriesChart) -> Figure:
    rows = -(-len(chart.curves) // COLUMNS)
    figure = new_figure(1.9 * rows + 0.6, f"{chart.title}, each model among the others; dashed: its target")
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).flat
    for panel, curve in zip(panels, chart.curves, strict=False):
        for other in chart.curves:
            panel.plot(other.epochs, other.accuracies, color=GREY, linewidth=0.6, alpha=0.5)
        alone = "o" if len(curve.epochs) == 1 else None
        panel.plot(curve.epochs, curve.accuracies, color=BLUE, linewidth=2, marker=alone)
        panel.axhline(curve.target, color=VERMILION, linestyle="--", linewidth=1)
        panel.set_title(_shortened(curve.name), parse_math=False)
        _scale(panel, chart)
    for empty in list(figure.axes)[len(chart.curves) :]:
        empty.set_visible(False)
    figure.supxlabel(chart.x.title, fontsize=9)
    figure.supylabel(chart.y.title, fontsize=9)
    return figure


def _scale(axes: Axes, chart: SeriesChart) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if chart.y.scale == "error":
        error_axis(axes, chart.values)
