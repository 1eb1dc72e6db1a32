"""A run among the published times, drawn."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from dawnbench.records.published import PublishedFigure
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.plots.style import BLUE, GREY, new_figure, plain_label
from dawnbench.report.units import seconds
from dawnbench.safe_text import plain
from dawnbench.stats.times import times


def draw_ladder(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> Figure | None:
    """Draw published times under a rule and the run's median among them, the fastest on top.

    None where nothing is published by this rule, or the run has no median.
    """
    found = times(series, rule)
    median = statistics.median(found.censored) if found.censored else math.inf
    rungs = [(f.seconds, f"{f.team}: {f.system}, {f.device}", False) for f in figures if f.rule == rule]
    if not rungs or not math.isfinite(median):
        return None
    rungs.append((median, f"this run: {series.recipe_name}, {series.device_name}", True))
    rungs.sort(key=lambda rung: (rung[0], not rung[2]))
    title = f"{100 * series.target:g} % on {series.data.source}, {rule} rule"
    figure = new_figure(1.0 + 0.26 * len(rungs), title)
    axes = figure.subplots()
    places = range(len(rungs))
    axes.barh(places, [rung[0] for rung in rungs], color=[BLUE if rung[2] else GREY for rung in rungs])
    for place, (value, _, own) in enumerate(rungs):
        axes.annotate(
            seconds(value),
            (value, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            weight="bold" if own else "normal",
        )
    axes.set_yticks(places, [_short(plain(rung[1])) for rung in rungs], parse_math=False)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    plain_label(axes, "seconds; hardware differs, so no verdict follows", "")
    return figure


def _short(label: str, most: int = 48) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"
