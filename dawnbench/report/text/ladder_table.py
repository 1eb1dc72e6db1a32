"""A run among the published times, for a terminal: one ladder per timing rule, the fastest on top."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.errors import DawnbenchError
from dawnbench.records.published import PublishedFigure
from dawnbench.records.rules import INFERENCE, RULES, is_per_image, stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.charts.ladder import Ladder, ladder, no_place
from dawnbench.report.text.listing import fitted
from dawnbench.report.units import significant, time_unit
from dawnbench.safe_text import plain
from dawnbench.stats.regression.judge import left_out
from dawnbench.stats.trial_values import times

HARDWARE_WIDTH = 15
COLUMNS: tuple[tuple[str, int, Literal["left", "right"]], ...] = (
    ("", 2, "right"),
    ("time", 8, "right"),
    ("system", 12, "left"),  # wraps on to a second line if the terminal is narrow
    ("hardware", HARDWARE_WIDTH, "left"),
    ("trials", 6, "right"),
    ("run takes", 9, "right"),
)
"""Header, minimum width and alignment."""
OWN = ">"
"""Marks the run's rung without bold type."""


def ladder_report(series: TrialSet, figures: Sequence[PublishedFigure]) -> RenderableType:
    """Return a ladder for each rule that has published times, and what a reader must know about them.

    Raises:
        DawnbenchError: the run has no place under any of these rules.
    """
    published = {figure.rule for figure in figures}
    own = (INFERENCE,) if series.inference else RULES
    rules = [rule.name for rule in own if rule.name in published]
    refused = {rule: why for rule in rules if (why := no_place(series, figures, rule)) is not None}
    if len(refused) == len(rules):
        whys = "; ".join(dict.fromkeys(refused.values()))
        raise DawnbenchError(f"{series.name} has no place among the published times: {whys}")
    parts: list[RenderableType] = []
    for rule in rules:
        parts.append(Text(_heading(rule), style="bold"))
        if (found := ladder(series, figures, rule)) is not None:
            parts += [ladder_table(found), *(Text(note, style="yellow") for note in _misses(series, rule))]
        else:
            parts.append(Text(plain(f"No place: {refused[rule]}.")))
        parts.append("")
    return Group(*parts, *(Text(plain(line)) for line in _closing(series)))


def ladder_table(ladder: Ladder) -> Table:
    """Return the times of a ladder, fastest first, with the run's marked.

    The last column is the run's time over the published one.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header, least, justify in COLUMNS:
        table.add_column(header, min_width=least, justify=justify, no_wrap=header != "system")
    places = itertools.count(1)
    for rung in ladder.rungs:
        table.add_row(
            OWN if rung.is_own else str(next(places)),
            time_unit(ladder.rule).shown(rung.seconds),
            Text(plain(rung.system)),
            Text(_own_hardware(rung.hardware) if rung.is_own else plain(rung.hardware)),
            "-" if rung.trials is None else str(rung.trials),
            "" if rung.is_own else f"{significant(ladder.times_as_long(rung), 3)}x",
            style="bold" if rung.is_own else None,
        )
    return table


def _own_hardware(name: str) -> str:
    """Return the name in the column's width, or in a little more if it says on how many nodes."""
    return fitted(plain(name), HARDWARE_WIDTH + (5 if " nodes" in name else 0))


def _heading(rule: str) -> str:
    if is_per_image(rule):
        return f"{rule}: the mean latency of an image, if the model reaches the target"
    if stops_at_target(rule):
        return f"{rule}: until the first epoch that reaches the target"
    return f"{rule}: a whole trial, if the mean accuracy reaches the target"


def _misses(series: TrialSet, rule: str) -> Iterator[str]:
    found = times(series, rule)
    if found.missed:
        of = f"{len(found.missed)} of {len(found.censored)} trials"
        yield f"! {of} missed the target, and the time they took is included"


def _closing(series: TrialSet) -> Iterator[str]:
    yield from (f"! {note}" for note in left_out(series))
    if series.inference:
        yield "A time is the mean over all test images, one at a time; the run's over its passes as well."
    else:
        yield "A time is the mean over the trials, the run's as well as a published one."
    yield "Hardware differs, so no verdict follows."
