"""Comparisons and the ladder of published times as parts of a Markdown report."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.errors import DawnbenchError
from dawnbench.records.published import PublishedFigure
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.charts.ladder import ladder
from dawnbench.report.text.comparison import cost_lines, figures_rows
from dawnbench.report.text.comparison_dashes import comparison_dashes
from dawnbench.report.text.markdown import fenced, table
from dawnbench.report.text.stopping import stopping_sentence
from dawnbench.report.units import significant, time_unit
from dawnbench.safe_text import markdown, markdown_block
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.sentences import remedy, verdict_sentence
from dawnbench.stats.comparison.speed_up import speed_up, speed_up_sentence
from dawnbench.stats.price_list import UNPRICED, PriceList

Held = tuple[list[Comparison], list[str]]
"""Comparisons with the first of some runs, and why others cannot be compared with it."""


def comparisons(series: Sequence[TrialSet], rule: str | None) -> Held:
    """Compare every other run with the first; return the comparisons, and why some are impossible."""
    found, refused = [], []
    for other in series[1:]:
        try:
            found.append(compare(series[0], other, rule=rule))
        except DawnbenchError as error:
            refused.append(str(error))
    return found, refused


def comparison_blocks(comparison: Comparison, prices: PriceList = UNPRICED) -> list[str]:
    """Return the verdict, the numbers behind it, and what both cost as far as prices are known."""
    header, rows = figures_rows(comparison)
    cells = [[markdown(cell) for cell in row] for row in rows]
    stopping = comparison.reference.stopping if comparison.paired is not None else None
    needed, gained = remedy(comparison), speed_up(comparison)
    return [
        f"{markdown_block(verdict_sentence(comparison))}.",
        *([] if gained is None else [f"{speed_up_sentence(gained)}."]),
        *([markdown_block(needed.needs + (":" if needed.commands else "."))] if needed else []),
        *([fenced("\n".join(needed.commands), "console")] if needed and needed.commands else []),
        table([markdown(name) for name in header], cells),
        *([] if stopping is None else [markdown_block(stopping_sentence(stopping))]),
        *map(markdown_block, comparison_dashes(comparison)),
        *(markdown_block(line) for line in cost_lines(comparison, prices)),
    ]


def ladder_blocks(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> list[str]:
    """Return the published times under a rule, fastest first, with the run's mean among them.

    Nothing if no time is published under the rule, or the run has no place among them.
    """
    found = ladder(series, figures, rule)
    if found is None:
        return []
    rows = []
    for rung in found.rungs:
        name = markdown(rung.system)
        system = f"**{name}**" if rung.is_own else f"[{name}]({rung.source})"
        ratio = "1" if rung.is_own else significant(found.times_as_long(rung), 3)
        rows.append([system, markdown(rung.hardware), time_unit(rule).shown(rung.seconds), ratio])
    note = "The run's time is the mean over its trials. Hardware differs, so no verdict follows."
    return [table(["System", "Hardware", "Time", "Run takes, times"], rows), note]
