"""Charts of bars, drawn."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator

from dawnbench.report.charts.ladder import Ladder
from dawnbench.report.charts.segments import OTHER_COLOR, SEGMENT_COLORS, Bar, SegmentChart
from dawnbench.report.plots.scales import plain_ticks
from dawnbench.report.plots.style import BLUE, GREY, new_figure, plain_label
from dawnbench.report.units import time_unit
from dawnbench.safe_text import figure_text, plain

HATCH = "////"
MAX_TRIALS = 40
"""What fits on a page."""


def draw_segments(chart: SegmentChart) -> Figure | None:
    """Draw a stacked bar per trial, the first 40, below the bar of the set-up; None without a bar."""
    groups = [bars for bars in ([chart.setup] if chart.setup else [], chart.trials[:MAX_TRIALS]) if bars]
    if not groups:
        return None
    rows = [len(bars) for bars in groups]
    figure = new_figure(1.5 + 0.22 * sum(rows) + 0.3 * len(groups), chart.title)
    ratios = [1.3 + count for count in rows]
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=ratios)[:, 0]
    entries: dict[str, Patch] = {}
    for axes, bars in zip(panels, groups, strict=True):
        for place, bar in enumerate(bars):
            _draw_bar(axes, place, bar, entries)
        axes.set_yticks(range(len(bars)), [bar.label for bar in bars])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
    plain_label(panels[-1], "seconds", "")
    if any(not part.is_counted for bars in groups for bar in bars for part in bar.parts):
        label = f"not on the {chart.rule} clock"
        entries["uncounted"] = Patch(facecolor="white", edgecolor="black", hatch=HATCH, label=label)
    figure.legend(handles=list(entries.values()), loc="outside lower center", ncols=6, fontsize=7)
    return figure


def _draw_bar(axes: Axes, place: int, bar: Bar, entries: dict[str, Patch]) -> None:
    left = 0.0
    for part in bar.parts:
        color = SEGMENT_COLORS.get(part.name, OTHER_COLOR)
        entries.setdefault(part.name, Patch(color=color, label=figure_text(part.name)))
        hatch = "" if part.is_counted else HATCH
        axes.barh(
            place,
            part.seconds,
            left=left,
            height=0.7,
            color=color,
            edgecolor="white",
            hatch=hatch,
            linewidth=0,
        )
        left += part.seconds


def draw_ladder(ladder: Ladder) -> Figure:
    """Draw a bar per time, the run's in colour."""
    rungs = ladder.rungs
    figure = new_figure(1.0 + 0.26 * len(rungs), ladder.title)
    axes = figure.subplots()
    places = range(len(rungs))
    colors = [BLUE if rung.is_own else GREY for rung in rungs]
    unit = time_unit(ladder.rule)
    axes.barh(places, [unit.scale * rung.seconds for rung in rungs], color=colors)
    for place, rung in enumerate(rungs):
        axes.annotate(
            unit.shown(rung.seconds),
            (unit.scale * rung.seconds, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            weight="bold" if rung.is_own else "normal",
        )
    labels = [_shortened(plain(f"{rung.system}, {rung.hardware}")) for rung in rungs]
    axes.set_yticks(places, labels, parse_math=False)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.grid(visible=False, axis="y")
    plain_ticks(axes.xaxis, LogLocator(subs=(1, 2, 5)))
    plain_label(axes, ladder.x.title, "")
    return figure


def _shortened(label: str, most: int = 48) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"
