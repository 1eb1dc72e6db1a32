"""A run among the published times: a ladder a timing rule, the fastest on top."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.records.published import PublishedFigure
from dawnbench.records.rules import RULES, stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.listing import fitted
from dawnbench.report.units import percent, seconds, significant
from dawnbench.safe_text import plain
from dawnbench.stats.figures import accuracies
from dawnbench.stats.regression.judge import left_out
from dawnbench.stats.times import Times, times

HARDWARE_WIDTH = 15
COLUMNS: tuple[tuple[str, int, Literal["left", "right"]], ...] = (
    ("", 2, "right"),
    ("time", 8, "right"),
    ("system", 12, "left"),  # what gives way, on to a second line, where the terminal is narrow
    ("hardware", HARDWARE_WIDTH, "left"),
    ("trials", 6, "right"),
    ("run takes", 9, "right"),
)
"""Header, least width and alignment."""
OWN = ">"
"""Marks the run's rung where there is no bold type."""


def ladder_report(series: TrialSet, figures: Sequence[PublishedFigure]) -> RenderableType:
    """Return a ladder for each rule that the figures are by, and what a reader must know beside them."""
    parts: list[RenderableType] = []
    for rule in (rule.name for rule in RULES if any(figure.rule == rule.name for figure in figures)):
        parts += [Text(_heading(rule), style="bold"), ladder_table(series, figures, rule)]
        parts += [*(Text(plain(f"! {note}"), style="yellow") for note in _notes(series, rule)), ""]
    return Group(*parts, *(Text(plain(line)) for line in _closing(series, figures)))


def ladder_table(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> Table:
    """Return the figures by one rule, fastest first, with the run's median under that rule among them.

    The last column is the run's time over the figure's. A trial that missed the target is slower than every
    other, so that a run of which half missed it has no median; it stands last then, without a time.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header, least, justify in COLUMNS:
        table.add_column(header, min_width=least, justify=justify, no_wrap=header != "system")
    found = times(series, rule)
    median = _median(found)
    above = sorted((figure for figure in figures if figure.rule == rule), key=lambda figure: figure.seconds)
    for place, figure in enumerate(above, start=1):
        if figure.seconds > median and table.row_count == place - 1:
            table.add_row(*_own_cells(series, found, median), style="bold")
        table.add_row(str(place), *_cells(figure, median))
    if table.row_count == len(above):
        table.add_row(*_own_cells(series, found, median), style="bold")
    return table


def _cells(figure: PublishedFigure, median: float) -> list[str | Text]:
    named = figure.system if figure.system.startswith(figure.team) else f"{figure.team}: {figure.system}"
    devices = figure.device if figure.devices == 1 else f"{figure.devices} x {figure.device}"
    trials = "-" if figure.trials is None else str(figure.trials)
    ratio = f"{significant(median / figure.seconds, 3)}x" if math.isfinite(median) else "-"
    return [seconds(figure.seconds), Text(plain(named)), Text(plain(devices)), trials, ratio]


def _own_cells(series: TrialSet, found: Times, median: float) -> list[str | Text]:
    device = fitted(plain(series.device_name), HARDWARE_WIDTH)
    shown = seconds(median if math.isfinite(median) else None)
    named = Text(plain(f"this run: {series.identity.recipe}"))
    return [OWN, shown, named, Text(device), str(len(found.censored)), ""]


def _median(found: Times) -> float:
    return statistics.median(found.censored) if found.censored else math.inf


def _heading(rule: str) -> str:
    if stops_at_target(rule):
        return f"{rule}: until the first epoch that reaches the target"
    return f"{rule}: a whole trial, where the mean accuracy reaches the target"


def _notes(series: TrialSet, rule: str) -> Iterator[str]:
    found = times(series, rule)
    count = len(found.censored)
    if not count:
        yield "no trial of this run has a time by this rule"
    if found.missed:
        misses = f"{len(found.missed)} of {'1 trial' if count == 1 else f'{count} trials'} missed the target"
        without = "" if math.isfinite(_median(found)) else ", so there is no median"
        yield f"{misses}; a miss counts as the slowest{without}"
    reached = accuracies(series)
    if stops_at_target(rule) or not reached:
        return
    mean = statistics.fmean(reached)
    if mean < series.target:
        yield f"the run's mean accuracy of {percent(mean)} is below its target of {percent(series.target)}"


def _closing(series: TrialSet, figures: Sequence[PublishedFigure]) -> Iterator[str]:
    yield from (f"! {note}" for note in left_out(series))
    targets = {figure.target for figure in figures}
    if targets != {series.target}:
        theirs = " and ".join(percent(target) for target in sorted(targets))
        yield f"! The run's target is {percent(series.target)}, that of the figures {theirs}."
    datasets = " and ".join(sorted({figure.dataset for figure in figures}))
    yield "The run's time is the median over its trials, a figure's the mean over its own."
    yield f"Hardware and data differ ({series.data.source} here, {datasets} there): no verdict follows."
