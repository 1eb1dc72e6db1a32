"""The distribution of a run's times."""

from __future__ import annotations

from matplotlib.figure import Figure

from dawnbench.records.rules import stops_at_target
from dawnbench.report.plots.style import BLUE, VERMILION, new_figure, plain_label
from dawnbench.stats.times import Times


def draw_times(found: Times, title: str) -> Figure | None:
    """Draw each trial's time under a rule as a dot, with the mean and its interval; None of no time.

    Trials that missed the target are crosses, at the time that they spent.
    """
    if found.sample is None:
        return None
    figure = new_figure(2.2, title)
    axes = figure.subplots()
    # Heights that keep dots apart and are the same each time.
    heights = [0.35 + 0.3 * ((i * 0.618034) % 1) for i in range(len(found.censored))]
    count = len(found.reached)
    what = "reached the target" if stops_at_target(found.rule) else "a trial"
    axes.plot(found.reached, heights[:count], "o", color=BLUE, alpha=0.7, label=what)
    if found.missed:
        axes.plot(found.missed, heights[count:], "x", color=VERMILION, label="missed the target, time spent")
    mean, interval = found.sample.mean, found.sample.interval
    off = None if interval is None else [[max(0.0, mean - interval.low)], [max(0.0, interval.high - mean)]]
    axes.errorbar(
        [mean], [0.15], xerr=off, fmt="D", color="black", capsize=4, label="mean and its 95 % interval"
    )
    axes.set_ylim(0, 0.8)
    axes.set_yticks([])
    axes.margins(x=0.1)
    plain_label(axes, f"seconds under the {found.rule} rule", "")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=3, fontsize=8)
    return figure
