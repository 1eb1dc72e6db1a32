"""The page of one comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from rich.console import Group
from rich.text import Text

from dawnbench.records.rules import known_rule
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.charts import Axis, Chart, Color, Line
from dawnbench.report.comparison import comparison_report, figures_rows
from dawnbench.report.page import Cell, Column, Table, render_chart, render_table
from dawnbench.report.site import words
from dawnbench.report.site.layout import site_page
from dawnbench.report.site.markup import bullets, headline, hero, link, paragraph, section
from dawnbench.report.site.names import run_page
from dawnbench.report.site.ratio_bars import ratio_bars
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.words import names, verdict_sentence
from dawnbench.stats.cost import Prices

WARNING = "! "
"""Before a line of a report that a reader is to beware of."""


def render_comparison(comparison: Comparison, trail: Sequence[tuple[str, str]]) -> str:
    """Return the HTML document about a comparison; `trail` is the way back."""
    reference, other = comparison.reference, comparison.other
    lines = _lines(comparison)
    warnings = [line.removeprefix(WARNING) for line in lines if line.startswith(WARNING)]
    rule, roles = comparison.verdict.rule, _roles(comparison)
    runs = bullets(
        Markup("{}: {}, begun {} UTC").format(
            role, link(run.name, f"../{run_page(run.name)}"), words.day(run.created)
        )
        for role, run in zip(roles, (reference, other), strict=True)
    )
    body = [
        hero(
            f"{other.recipe_name} · {other.device_name} · {other.precision}",
            _title(comparison),
            headline(f"{verdict_sentence(comparison)}."),
            runs,
        ),
        section("careful", "What to be careful about", bullets(warnings), kind="doubts")
        if warnings
        else Markup(""),
        section(
            "ratios",
            "Ratios",
            ratio_bars(comparison),
            render_table(_table(comparison)),
            *(paragraph(line, "note") for line in lines if not line.startswith(WARNING)),
            paragraph(
                f"A ratio is {roles[1]} over {roles[0]}. The verdict is by the {rule} rule "
                f"({known_rule(rule).source}).",
                "note",
            ),
        ),
        section("trials", "Trial by trial", *_trials(comparison)),
    ]
    return site_page(_title(comparison), body, trail=trail)


def _title(comparison: Comparison) -> str:
    reference, other = names(comparison)
    if comparison.paired is not None:
        return f"{other} against {reference}"
    days = (words.day(run.created) for run in (comparison.other, comparison.reference))
    return f"{comparison.other.recipe_name}, {' against '.join(days)}"


def _roles(comparison: Comparison) -> tuple[str, str]:
    """Return what the two are called in tables, whose run folders' names are long."""
    return names(comparison) if comparison.paired is not None else ("reference", "other")


def _lines(comparison: Comparison) -> list[str]:
    """Return what the report for a terminal says beside the verdict and the table."""
    report = comparison_report(comparison, (Prices(), Prices()))
    assert isinstance(report, Group)
    found = [part.plain for part in report.renderables if isinstance(part, Text)]
    both = zip(names(comparison), (comparison.reference, comparison.other), strict=True)
    said = {f"{verdict_sentence(comparison)}.", *(f"{name} is {series.name}" for name, series in both)}
    return [line for line in found if line not in said]


def _table(comparison: Comparison) -> Table:
    header, rows = figures_rows(comparison)
    columns = [Column("Figure"), *(Column(name, numeric=True) for name in header[1:])]
    return Table("The figures behind the verdict", columns, [[Cell(cell) for cell in row] for row in rows])


def _trials(comparison: Comparison) -> list[Markup]:
    rule, named = comparison.verdict.rule, _roles(comparison)
    reference, other = (_times(series, rule) for series in (comparison.reference, comparison.other))
    lines = [_line(named[0], reference, "grey"), _line(named[1], other, "blue")]
    columns = [Column("Trial"), *(Column(f"{name} [s]", numeric=True) for name in named)]
    numbers = sorted(reference.keys() | other.keys())
    rows = [
        [Cell(str(number)), *(words.figure(side.get(number)) for side in (reference, other))]
        for number in numbers
    ]
    title = f"Time of each trial by the {rule} rule"
    note = f"Blue: {named[1]}; grey: {named[0]}."
    chart = Chart(title, Axis("trial", kind="count"), Axis("time", "s", digits=3), lines, note=note)
    return [
        *([render_chart(chart)] if numbers else []),
        render_table(Table(title, columns, rows, sortable=True)),
    ]


def _line(name: str, times: Mapping[int, float], color: Color) -> Line:
    return Line(name, [float(number) for number in times], list(times.values()), color=color, dots=True)


def _times(series: TrialSet, rule: str) -> dict[int, float]:
    """Return the seconds of the trials that the rule gives a time, by their numbers, ascending."""
    found = ((trial.trial, trial.seconds.get(rule)) for trial in series.counting)
    return dict(sorted((number, seconds) for number, seconds in found if seconds is not None))
