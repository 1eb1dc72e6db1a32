"""Charts of single values with their intervals, drawn."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dawnbench.report.charts.ratios import RatioChart
from dawnbench.report.charts.times import TimesChart
from dawnbench.report.plots.scales import plain_ticks
from dawnbench.report.plots.style import BLUE, GREY, VERMILION, new_figure, plain_label
from dawnbench.safe_text import figure_text


def draw_times(chart: TimesChart) -> Figure:
    """Draw each trial's time as a dot, or a cross if it missed the target, with the mean and its interval."""
    figure = new_figure(2.2, chart.title)
    axes = figure.subplots()
    reached, missed, mean = chart.reached, chart.missed, chart.mean
    # Heights that keep dots apart and are the same each time.
    heights = [0.35 + 0.3 * ((i * 0.618034) % 1) for i in range(len(reached) + len(missed))]
    axes.plot(reached, heights[: len(reached)], "o", color=BLUE, alpha=0.7, label=chart.reached_label)
    if missed:
        axes.plot(missed, heights[len(reached) :], "x", color=VERMILION, label=chart.missed_label)
    off = None
    if mean.low is not None and mean.high is not None:
        off = [[max(0.0, mean.value - mean.low)], [max(0.0, mean.high - mean.value)]]
    axes.errorbar([mean.value], [0.15], xerr=off, fmt="D", color="black", capsize=4, label=mean.label)
    axes.set_ylim(0, 0.8)
    axes.set_yticks([])
    axes.margins(x=0.1)
    plain_label(axes, chart.x.title, "")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=3, fontsize=8)
    return figure


def draw_ratios(chart: RatioChart) -> Figure:
    """Draw each ratio as a diamond with its interval, one row per rule, the verdict's in colour."""
    figure = new_figure(1.9 + 0.3 * len(chart.rows), chart.title)
    axes = figure.subplots()
    for place, row in enumerate(chart.rows):
        color = BLUE if row.label == chart.verdict else GREY
        axes.plot([row.value], [place], "D", color=color)
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [place, place], color=color, linewidth=2)
    axes.axvline(1, color=VERMILION, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(*chart.limits)
    plain_ticks(axes.xaxis, MaxNLocator(7))
    axes.set_yticks(range(len(chart.rows)), [figure_text(row.label) for row in chart.rows])
    axes.set_ylim(len(chart.rows) - 0.5, -0.5)
    plain_label(axes, chart.x.title, "")
    return figure
