"""The tables of a series' history."""

from __future__ import annotations

from collections.abc import Mapping

from dawnbench.report.page import Cell, Column, Table
from dawnbench.report.site import words
from dawnbench.report.site.names import run_page
from dawnbench.report.site.plan import Planned
from dawnbench.report.site.state import Finding
from dawnbench.report.site.timeline import Timeline
from dawnbench.report.units import significant
from dawnbench.stats.history import Step

Against = Mapping[str, tuple[Planned, Finding]]
"""By a run's name: it against the run before, and what that came to."""


def steps_table(timeline: Timeline, against: Against) -> Table | None:
    """Return a row a run that begins a new level, by whatever rule; None where none does."""
    rules = [rule for rule in timeline.levels if timeline.steps(rule)]
    steps = {rule: {level.runs[0].name: level.step for level in timeline.steps(rule)} for rule in rules}
    first = [run for run in reversed(timeline.runs) if any(run.name in steps[rule] for rule in rules)]
    if not first:
        return None
    columns = [
        Column("First run of the new level"),
        Column("What differed"),
        *(Column(f"{rule} [s]", numeric=True) for rule in rules),
    ]
    rows = [
        [
            Cell(words.day(run.created), link=f"../{run_page(run.name)}"),
            _across(against.get(run.name)),
            *(_step(steps[rule].get(run.name)) for rule in rules),
        ]
        for run in first
    ]
    return Table("Medians before and after, the newest first", columns, rows, sortable=True)


def runs_table(timeline: Timeline, against: Against, rule: str) -> Table:
    """Return a row a run with its times, and what it came to against the run before."""
    rules = list(timeline.levels)
    steps = {level.runs[0].name: level.step for level in timeline.steps(rule)}
    columns = [
        Column("Begun (UTC)"),
        *(Column(f"{name} [s]", numeric=True) for name in rules),
        Column("Against the run before"),
        Column("Step", numeric=True),
        Column("Reached", numeric=True),
        Column("Accuracy", numeric=True),
        Column("Claim"),
        Column("dawnbench"),
    ]
    rows = []
    for run in reversed(timeline.runs):
        step, compared = steps.get(run.name), against.get(run.name)
        times = (run.time(name) for name in rules)
        rows.append(
            [
                Cell(words.day(run.created), link=f"../{run_page(run.name)}"),
                *(words.figure(None if time is None else time.median) for time in times),
                Cell("-")
                if compared is None
                else Cell(words.finding(compared[1]), link=f"../{compared[0].page}"),
                Cell("") if step is None else Cell(words.change(1 + step.change), step.change),
                words.reached(run),
                words.accuracy(run),
                words.claim(run),
                Cell(run.dawnbench_version),
            ]
        )
    return Table("All runs, the newest first", columns, rows, sortable=True)


def _step(step: Step | None) -> Cell:
    if step is None:
        return Cell("-")
    before, after = significant(step.before), significant(step.after)
    return Cell(f"{before} to {after}, {words.change(1 + step.change)}", step.change)


def _across(compared: tuple[Planned, Finding] | None) -> Cell:
    return Cell("-") if compared is None else Cell("comparison", link=f"../{compared[0].page}")
