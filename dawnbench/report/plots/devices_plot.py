"""Devices by time and cost, drawn."""

from __future__ import annotations

import textwrap
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from dawnbench.report.charts import Chart
from dawnbench.report.plots.scales import plain_ticks
from dawnbench.report.plots.style import COLORS, new_figure, plain_label, save_as, styled
from dawnbench.safe_text import figure_text

LABEL_LETTERS = 26
"""Per line of a device's name."""


def write_devices_plot(chart: Chart, path: Path) -> None:
    """Draw devices into an .svg or .png file.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    with styled():
        figure = draw_devices(chart)
    save_as(figure, path)


def draw_devices(chart: Chart) -> Figure:
    """Draw a dot per device with its name, those on the Pareto front joined."""
    figure = new_figure(4.2, chart.title)
    axes = figure.subplots()
    for line in chart.lines:
        style = "--o" if line.joined else "o"
        axes.plot(*line.known(), style, color=COLORS[line.color], markersize=7, label=figure_text(line.key))
    for axis, one in ((axes.xaxis, chart.x), (axes.yaxis, chart.y)):
        if one.scale == "log":
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})
            plain_ticks(axis, LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.margins(0.18)
    if chart.x.scale == "linear":
        axes.set_xlim(left=0)
    if chart.y.scale == "linear":
        axes.set_ylim(bottom=0)
    _name_points(axes, chart)
    plain_label(axes, chart.x.title, chart.y.title)
    axes.legend(loc="best")
    if chart.note:
        axes.set_title(textwrap.fill(chart.note, 100), fontsize=8, parse_math=False)
    return figure


def _name_points(axes: Axes, chart: Chart) -> None:
    """Write each device's name beside its dot, on the side with more room."""
    middle = axes.transAxes.transform((0.5, 0.5))[0]
    for number, point in enumerate(chart.points):
        is_left = axes.transData.transform((point.x, point.y))[0] < middle
        # Neighbours on one side alternate above and below, so that close dots keep their names apart.
        axes.annotate(
            textwrap.fill(figure_text(point.label), LABEL_LETTERS),
            (point.x, point.y),
            xytext=(9 if is_left else -9, 7 if number % 2 == 0 else -7),
            textcoords="offset points",
            ha="left" if is_left else "right",
            va="bottom" if number % 2 == 0 else "top",
            fontsize=8,
            parse_math=False,
        )
