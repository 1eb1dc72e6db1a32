"""Comparisons and the ladder of published times as parts of a markdown report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from dawnbench.errors import DawnbenchError
from dawnbench.records.published import PublishedFigure
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.comparison import figures_rows
from dawnbench.report.markdown import table
from dawnbench.report.units import seconds, significant
from dawnbench.safe_text import markdown, markdown_block
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.words import verdict_sentence
from dawnbench.stats.times import times

Held = tuple[list[Comparison], list[str]]
"""Comparisons with the first of some runs, and why others cannot be held against it."""


def comparisons(series: Sequence[TrialSet], rule: str) -> Held:
    """Hold every series against the first; return what came of it, and why others cannot be held so."""
    found, refused = [], []
    for other in series[1:]:
        try:
            found.append(compare(series[0], other, rule=rule))
        except DawnbenchError as error:
            refused.append(str(error))
    return found, refused


def comparison_blocks(comparison: Comparison) -> list[str]:
    """Return the verdict and the figures behind it."""
    header, rows = figures_rows(comparison)
    cells = [[markdown(cell) for cell in row] for row in rows]
    return [
        f"{markdown_block(verdict_sentence(comparison))}.",
        table([markdown(name) for name in header], cells),
    ]


def comparable_figures(series: TrialSet, figures: Sequence[PublishedFigure]) -> list[PublishedFigure]:
    """Return the published figures on a series' data set and target, as far as their names tell."""
    name = _plain(series.data.source)
    return [one for one in figures if one.target == series.target and _plain(one.dataset) == name]


def ladder_blocks(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> list[str]:
    """Return the published times by a rule, fastest first, with the run's median among them.

    Nothing where there is none to stand among, or the run has no median.
    """
    found = times(series, rule)
    median = statistics.median(found.censored) if found.censored else math.inf
    mine = [figure for figure in figures if figure.rule == rule]
    rungs = [(f.seconds, f"{f.team}: {f.system}", f.device, f.source) for f in mine]
    if not rungs or not math.isfinite(median):
        return []
    rows = [
        [f"[{markdown(system)}]({source})", markdown(device), seconds(time), significant(median / time, 3)]
        for time, system, device, source in rungs
    ]
    own = [
        f"**this run: {markdown(series.identity.recipe)}**",
        markdown(series.device_name),
        seconds(median),
        "1",
    ]
    ordered = sorted(
        [(median, own), *zip((rung[0] for rung in rungs), rows, strict=True)], key=lambda r: r[0]
    )
    note = "The run's time is the median over its trials. Hardware differs, so no verdict follows."
    return [table(["System", "Hardware", "Time", "Run takes, times"], [row for _, row in ordered]), note]


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
