"""The tables of a site's first page but for the leaderboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dawnbench.report.page import Cell, Column, Table
from dawnbench.report.site import words
from dawnbench.report.site.names import run_page
from dawnbench.report.site.plan import Planned
from dawnbench.report.site.state import Finding
from dawnbench.report.site.timeline import Level, Timeline


def news_table(timelines: Sequence[Timeline], rule: str, most: int) -> Table:
    """Return a row a step change, the newest `most` of them."""
    found = [(timeline, level) for timeline in timelines for level in timeline.steps(rule)]
    found.sort(key=lambda pair: (pair[1].runs[0].created, pair[1].runs[0].name), reverse=True)
    columns = [
        Column("Series"),
        Column("First run of the new level"),
        Column("Before [s]", numeric=True),
        Column("After [s]", numeric=True),
        Column("Change", numeric=True),
        Column("Runs since", numeric=True),
    ]
    rows = [_news_row(timeline, level) for timeline, level in found[:most]]
    return Table(f"The newest first, by the {rule} rule", columns, rows, sortable=True)


def _news_row(timeline: Timeline, level: Level) -> list[Cell]:
    step, first = level.step, level.runs[0]
    assert step is not None
    return [
        Cell(timeline.title, link=timeline.page),
        Cell(words.day(first.created), link=run_page(first.name)),
        words.figure(step.before),
        words.figure(step.after),
        Cell(words.change(1 + step.change), step.change),
        Cell(str(step.runs[1]), step.runs[1]),
    ]


def pairs_table(pairs: Mapping[Planned, Finding]) -> Table:
    """Return a row a `dawnbench ab`."""
    columns = [Column("B"), Column("A"), Column("B against A"), Column("Begun (UTC)")]
    newest = sorted(pairs.items(), key=lambda pair: (pair[0].other.created, pair[0].other.name), reverse=True)
    rows = [
        [
            Cell(f"{one.other.identity.recipe}: {one.other.name}", link=run_page(one.other.name)),
            Cell(f"{one.reference.identity.recipe}: {one.reference.name}", link=run_page(one.reference.name)),
            Cell(words.finding(found), link=one.page),
            Cell(words.day(one.other.created)),
        ]
        for one, found in newest
    ]
    return Table("The two sides of each dawnbench ab, the newest first", columns, rows, sortable=True)


def series_table(timelines: Sequence[Timeline], rule: str) -> Table:
    """Return a row a series."""
    columns = [
        Column("Series"),
        Column("Data"),
        Column("Target", numeric=True),
        Column("Precision"),
        Column("Runs", numeric=True),
        Column("Steps", numeric=True),
        Column("Newest run (UTC)"),
    ]
    rows = [
        [
            Cell(timeline.title, link=timeline.page),
            Cell(f"{timeline.runs[-1].identity.data} {timeline.key.fingerprint[:8]}"),
            Cell(f"{100 * timeline.key.target:g} %", timeline.key.target),
            Cell(timeline.key.precision),
            Cell(f"{len(timeline.runs):,}", len(timeline.runs)),
            Cell(str(len(timeline.steps(rule))), len(timeline.steps(rule))),
            Cell(words.day(timeline.runs[-1].created), link=run_page(timeline.runs[-1].name)),
        ]
        for timeline in timelines
    ]
    return Table("Recipes on devices, with their histories", columns, rows, sortable=True)
