"""Charts of lines, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from dawnbench.report.charts import Chart, Line
from dawnbench.report.plots.scales import error_axis, plain_ticks
from dawnbench.report.plots.style import COLORS, new_figure, plain_label, thin_lines
from dawnbench.safe_text import figure_text

PANEL_INCHES = (3.6, 2.8)
"""Width and height of one chart of a grid."""
MAX_MARKS = 40
"""More dotted lines, or dots on a line, would hide the curves."""


def draw_chart(chart: Chart, height: float) -> Figure:
    """Draw one chart, `height` inches tall."""
    figure = new_figure(height, chart.subject or chart.title)
    draw_lines(figure.subplots(), chart)
    return figure


def draw_row(charts: Sequence[Chart], height: float) -> Figure:
    """Draw charts of the same lines side by side, under one subject and with one legend."""
    figure = new_figure(height, charts[0].subject)
    panels = figure.subplots(1, len(charts), squeeze=False)[0]
    for axes, chart in zip(panels, charts, strict=True):
        draw_lines(axes, chart, legend="lower right" if axes is panels[-1] else None)
    return figure


def draw_column(charts: Sequence[Chart], title: str) -> Figure:
    """Draw charts below each other over one x axis."""
    figure = new_figure(0.6 + 1.5 * len(charts), title)
    panels = figure.subplots(len(charts), 1, sharex=True, squeeze=False)[:, 0]
    for axes, chart in zip(panels, charts, strict=True):
        draw_lines(axes, chart)
        axes.legend(loc="lower right", ncols=3, fontsize=7)
    for axes in panels[:-1]:
        axes.set_xlabel("")
    if 0 < len(charts[0].marks) <= MAX_MARKS:
        panels[-1].set_xlabel(f"{charts[0].x.title}; dotted: an epoch begins", parse_math=False)
    return figure


def draw_grid(rows: Sequence[Sequence[Chart]]) -> Figure:
    """Draw rows of as many charts each under their subject."""
    width, height = PANEL_INCHES
    columns = len(rows[0])
    figure = new_figure(len(rows) * height + 0.4, rows[0][0].subject, width=columns * width)
    panels = figure.subplots(len(rows), columns, squeeze=False)
    for axes, chart in zip(panels.flat, (chart for row in rows for chart in row), strict=True):
        draw_lines(axes, chart, legend="best")
    return figure


def draw_lines(
    axes: Axes, chart: Chart, legend: Literal["lower right", "best"] | None = "lower right"
) -> None:
    """Draw one chart into its place in a figure."""
    for span in chart.spans:
        # With an edge, so that a span of one sample shows.
        axes.axvspan(span.start, span.end, color=COLORS["red"], alpha=0.15, linewidth=0.8)
    for mark in chart.marks if len(chart.marks) <= MAX_MARKS else ():
        label = mark.label if mark.in_key else None
        axes.axvline(mark.x, color=COLORS["grey"], linestyle=":", linewidth=0.8, label=label)
    _draw_thin(axes, chart)
    for line in chart.lines:
        if line.thick:
            _draw_thick(axes, line)
    _name_thin(axes, chart)
    for target in chart.targets:
        axes.axhline(target.y, color=COLORS[target.color], linestyle="--", linewidth=1, label=target.label)
    for point in chart.points:
        if point.label:
            _ring(axes, chart, point.x, point.y, COLORS[point.color], point.label)
    for one, axis in ((chart.x, axes.xaxis), (chart.y, axes.yaxis)):
        if one.kind == "count":
            axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if chart.x.from_zero:
        axes.set_xlim(0)
    if chart.y.from_zero:
        # The usual margin is a share of the data's range, which would put a single value on the frame.
        highest = axes.dataLim.y1
        axes.set_ylim(0, 1.06 * highest if highest > 0 else None)
    _scale(axes, chart)
    plain_label(axes, chart.x.title, chart.y.title)
    if legend is not None and (chart.targets or any(line.key for line in chart.lines)):
        axes.legend(loc=legend)


def _scale(axes: Axes, chart: Chart) -> None:
    """Make axes other than linear; matplotlib needs a value for that."""
    values = [float(value) for line in chart.lines for value in line.known()[1]]
    if not values:
        return
    if chart.y.scale == "error":
        error_axis(axes, [*values, *(target.y for target in chart.targets)])
    if chart.y.scale == "log":
        axes.set_yscale("log")
        plain_ticks(axes.yaxis, MaxNLocator(5))
    if chart.x.scale == "log":
        axes.set_xscale("log", base=2)
        axes.set_xticks(chart.x.ticks)
        plain_ticks(axes.xaxis, FixedLocator(chart.x.ticks))


def _draw_thin(axes: Axes, chart: Chart) -> None:
    """Draw the thin lines, those that look alike as one object: thousands of objects take minutes."""
    looks: dict[tuple[str, bool], list[Line]] = {}
    for line in chart.lines:
        if not line.thick:
            looks.setdefault((COLORS[line.color], line.dashed), []).append(line)
    alpha = 1.0 if chart.shared else 0.5
    for (color, dashed), alike in looks.items():
        dashes, points = "--" if dashed else "-", [line.known() for line in alike]
        thin_lines(axes, points, colors=color, linestyles=dashes, linewidths=0.8, alpha=alpha)


def _name_thin(axes: Axes, chart: Chart) -> None:
    """Give thin lines their entries in the legend, below those of the thick ones."""
    thick = {"", *(line.key for line in chart.lines if line.thick)}
    for key, line in {line.key: line for line in chart.lines if line.key not in thick}.items():
        dashes = "--" if line.dashed else "-"
        axes.plot([], [], dashes, color=COLORS[line.color], linewidth=0.8, label=figure_text(key))


def _draw_thick(axes: Axes, line: Line) -> None:
    x, y = line.known()
    # One point alone draws no line.
    marker = "o" if len(x) == 1 or not line.joined or (line.dots and len(x) <= MAX_MARKS) else None
    dashes = "none" if not line.joined else "--" if line.dashed else "-"
    axes.plot(
        x,
        y,
        linestyle=dashes,
        color=COLORS[line.color],
        linewidth=2,
        marker=marker,
        markersize=4 if line.joined else 6,
        zorder=2 if line.joined else 3,
        label=figure_text(line.key) or None,
    )


def _ring(axes: Axes, chart: Chart, x: float, y: float, color: str, label: str) -> None:
    axes.plot([x], [y], marker="o", markersize=8, color=color, fillstyle="none", zorder=5)
    # After the crossing the curves are flat and leave room below, unless it is at the very end.
    last = max(line.x[-1] for line in chart.lines)
    side, offset = ("left", (8, -20)) if x < 0.7 * last else ("right", (-8, -30))
    axes.annotate(
        label, (x, y), xytext=offset, textcoords="offset points", ha=side, color=color, parse_math=False
    )
