"""A comparison drawn: how long the other takes, over the reference, under each rule."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from dawnbench.report.plots.style import BLUE, GREY, VERMILION, new_figure, plain_label
from dawnbench.safe_text import figure_text
from dawnbench.stats.comparison.outcome import Comparison, Ratio, TimeComparison
from dawnbench.stats.comparison.words import verdict_sentence


def draw_ratios(comparison: Comparison) -> Figure | None:
    """Draw the ratio of times with its interval, a row a rule; None where no ratio is finite."""
    known = [
        (time, time.ratio)
        for time in comparison.times
        if time.ratio is not None and math.isfinite(time.ratio.value) and time.ratio.value > 0
    ]
    if not known:
        return None
    figure = new_figure(1.9 + 0.3 * len(known), verdict_sentence(comparison))
    axes = figure.subplots()
    for place, (time, ratio) in enumerate(known):
        first = time is comparison.verdict
        _row(axes, place, ratio, BLUE if first else GREY)
    axes.axvline(1, color=VERMILION, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(*_limits(known))
    # Powers of ten alone would leave most of these axes without a label.
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.set_yticks(range(len(known)), [figure_text(time.rule) for time, _ in known])
    axes.set_ylim(len(known) - 0.5, -0.5)
    plain_label(axes, "time of the other over the reference's, 95 % interval; left of 1 is faster", "")
    return figure


def _row(axes: Axes, place: int, ratio: Ratio, color: str) -> None:
    axes.plot([ratio.value], [place], "D", color=color)
    if ratio.interval is not None and math.isfinite(ratio.interval.high):
        axes.plot([ratio.interval.low, ratio.interval.high], [place, place], color=color, linewidth=2)


def _limits(known: Sequence[tuple[TimeComparison, Ratio]]) -> tuple[float, float]:
    """Return limits that hold 1, every ratio and every finite interval, with room at both ends."""
    values = [1.0]
    for _, ratio in known:
        bounds = () if ratio.interval is None else (ratio.interval.low, ratio.interval.high)
        values += [ratio.value, *(b for b in bounds if math.isfinite(b) and b > 0)]
    low, high = min(values), max(values)
    room = max(1.02, (high / low) ** 0.15)
    return low / room, high * room
