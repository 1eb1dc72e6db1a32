"""The tables of a run's page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dawnbench.records.leaves import leaves
from dawnbench.records.reader import Run
from dawnbench.records.rules import known_rule
from dawnbench.records.schema import TrialRecord
from dawnbench.report.page.tables import Cell, Column, Table, texts
from dawnbench.report.text import dashes, log_table
from dawnbench.report.text.passes import pass_figures, pass_notes
from dawnbench.report.text.readings import READINGS_HEADER, readings_rows
from dawnbench.report.text.run_summary import figures_table, single_value_notes
from dawnbench.report.units import joules, percent, seconds, setting
from dawnbench.stats.cost import cost_of_time, dollars
from dawnbench.stats.progress import spread_by_segment
from dawnbench.stats.spending import Spending
from dawnbench.stats.trial_summary import Summary


def trials_table(run: Run, median: int, spent: Spending) -> Table:
    """Return one row per trial: its time under each rule, epochs, accuracy, energy, and cost if known."""
    rules = dashes.rules_shown(run)
    metered = any(_energy(trial) is not None for trial in run.trials)
    priced = spent if spent.prices.cost_per_hour is not None else None
    figures = [*rules, dashes.EPOCHS, dashes.ACCURACY, dashes.BEST, *[dashes.ENERGY] * metered]
    figures += [] if priced is None else [f"{dashes.COST}{priced.rule}"]
    columns = [*(Column(title, numeric=True) for title in ("Trial", "Seed", *figures)), Column("Status")]
    rows = [_trial_row(trial, rules, metered, priced) for trial in run.trials]
    marked = next((i for i, trial in enumerate(run.trials) if trial.trial == median), None)
    notes = dashes.dash_notes(run, figures)
    return Table("All trials", columns, rows, sortable=True, marked=marked, notes=notes)


def passes_table(run: Run, median: int, spent: Spending) -> Table:
    """Return one row per pass of an inference run: latencies, throughput, accuracy, energy, cost."""
    rows, titles = [], []
    for trial in run.trials:
        figures = pass_figures(run, trial, spent)
        titles = [figure.column for figure in figures]
        status = f"{trial.status}: {trial.reason}" if trial.reason else trial.status
        cells = [_figure(figure.text, figure.value) for figure in figures]
        rows.append([_figure(str(trial.trial), trial.trial), *cells, Cell(status)])
    columns = [*(Column(title, numeric=True) for title in ("Pass", *titles)), Column("Status")]
    marked = next((i for i, trial in enumerate(run.trials) if trial.trial == median), None)
    return Table("All passes", columns, rows, sortable=True, marked=marked, notes=tuple(pass_notes(run)))


def _trial_row(trial: TrialRecord, rules: list[str], metered: bool, priced: Spending | None) -> list[Cell]:
    reached = trial.epochs_to_target
    costs = [] if priced is None else [cost_of_time(trial.seconds.get(priced.rule), priced.prices)]
    return [
        _figure(str(trial.trial), trial.trial),
        _figure(str(trial.seed), trial.seed),
        *(_figure(seconds(trial.seconds.get(rule)), trial.seconds.get(rule)) for rule in rules),
        _figure("-" if reached is None else str(reached), reached),
        _figure(percent(trial.accuracy), trial.accuracy),
        _figure(percent(trial.best_accuracy), trial.best_accuracy),
        *[_figure(joules(_energy(trial)), _energy(trial))] * metered,
        *(_figure(dollars(cost), cost) for cost in costs),
        Cell(f"{trial.status}: {trial.reason}" if trial.reason else trial.status),
    ]


def _energy(trial: TrialRecord) -> float | None:
    return None if trial.telemetry is None else trial.telemetry.energy_to_target_joules


def _figure(text: str, value: float | None) -> Cell:
    return Cell(text, value if value is None or math.isfinite(value) else None)


def summary_table(summary: Summary) -> Table:
    """Return the figures that the terminal shows, with their spread."""
    shown = figures_table(summary)
    header = ["Figure", *(str(column.header) for column in shown.columns[1:])]
    columns = [[str(cell) for cell in column.cells] for column in shown.columns]
    table = texts("Figures with their spread", header, list(zip(*columns, strict=True)))
    return replace(table, notes=tuple(single_value_notes(summary)))


def segments_table(run: Run, rule: str) -> Table:
    """Return one row per kind of segment: whether the rule counts it, mean and extremes over the trials."""
    counted = known_rule(rule).counted
    rows = [
        [
            Cell(name),
            Cell("yes" if name in counted else "no"),
            *(Cell(seconds(figure), figure) for figure in figures),
        ]
        for name, figures in spread_by_segment(run.trials).items()
    ]
    columns = [Column("Segment"), Column(f"Counted by {rule}")]
    columns += [Column(title, numeric=True) for title in ("Mean", "Least", "Most")]
    return Table("Time by segment", columns, rows, sortable=True)


def readings_table(run: Run) -> Table | None:
    """Return one row per sensor, over all trials; None if there was none."""
    rows = readings_rows(run)
    return texts("Readings over all trials", READINGS_HEADER, rows) if rows else None


def epochs_table(run: Run, trial: int) -> Table:
    """Return a trial's log table."""
    rows = [log_table.cells(epoch, "milliseconds", uniform=True) for epoch in run.epochs_of(trial)]
    return texts(f"Log of trial {trial}, the median", log_table.COLUMNS, rows)


def settings_table(caption: str, settings: Mapping[str, Any]) -> Table:
    """Return one row per leaf of nested settings, named by its path; unknown values are left out."""
    known = [(path, leaf) for path, leaf in leaves(settings) if leaf is not None and leaf != {}]
    rows = [[Cell(path), Cell(setting(path, leaf))] for path, leaf in known]
    return Table(caption, [Column("Setting"), Column("Value")], rows)
