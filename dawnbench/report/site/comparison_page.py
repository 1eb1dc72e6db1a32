"""The page of one comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup
from rich.console import Group
from rich.text import Text

from dawnbench.records.rules import is_per_image, known_rule
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.charts import Axis, Chart, Color, Line
from dawnbench.report.page import Cell, Column, Table, render_chart, render_table
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.site_folder import run_page
from dawnbench.report.text.comparison import comparison_report, figures_rows
from dawnbench.report.units import significant, time_unit
from dawnbench.safe_text import html
from dawnbench.stats.comparison.outcome import Comparison, Ratio
from dawnbench.stats.comparison.sentences import names, verdict_sentence
from dawnbench.stats.comparison.speed_up import speed_up, speed_up_sentence
from dawnbench.stats.price_list import UNPRICED, PriceList

WARNING = "! "
"""Starts a line of the terminal report that is a warning."""
MIN_SCALE = 0.02
"""Least width of the ratios' scale to either side of 1, as a logarithm: tiny differences look tiny."""
_BAR = Markup(
    '<div class="ratio"><span>{}</span><div class="scale"><i style="left:{:.2f}%;right:{:.2f}%"></i>'
    '<b style="left:{:.2f}%"></b></div><span>{}</span></div>\n'
)
_SCALE = Markup(
    '<div class="ratio ends"><span></span><div><span>{}</span><span>1</span><span>{}</span></div></div>\n'
)


def render_comparison(
    comparison: Comparison, trail: Sequence[tuple[str, str]], prices: PriceList = UNPRICED
) -> str:
    """Return the HTML document about a comparison; `trail` links back to the pages above it."""
    reference, other = comparison.reference, comparison.other
    lines = _lines(comparison, prices)
    warnings = [line.removeprefix(WARNING) for line in lines if line.startswith(WARNING)]
    rule, roles = comparison.verdict.rule, _roles(comparison)
    runs = layout.bullets(
        Markup("{}: {}, started {} UTC").format(
            role, layout.link(run.name, f"../{run_page(run.name)}"), layout.minute(run.created)
        )
        for role, run in zip(roles, (reference, other), strict=True)
    )
    by = f"The verdict is by the {rule} rule ({known_rule(rule).source})."
    body = [
        layout.hero(
            f"{other.identity.recipe} · {other.identity.hardware} · {other.identity.conditions}",
            _title(comparison),
            layout.headline(f"{verdict_sentence(comparison)}."),
            *(layout.headline(line) for line in _speed_up(comparison)),
            runs,
        ),
        layout.section("careful", "Warnings", layout.bullets(warnings), kind="doubts"),
        layout.section(
            "ratios",
            "Ratios",
            ratio_bars(comparison),
            render_table(_table(comparison)),
            *(layout.paragraph(line, "note") for line in lines if not line.startswith(WARNING)),
            layout.paragraph(f"A ratio is {roles[1]} over {roles[0]}. {by}", "note"),
        ),
        layout.section("trials", "Trial by trial", *_trials(comparison)),
    ]
    return layout.site_page(_title(comparison), body, trail=trail)


def ratio_bars(comparison: Comparison) -> Markup:
    """Return each ratio as a dot with its interval, on one logarithmic scale with 1 in the middle.

    They are hidden from screen readers, which have the table. Empty if no ratio is positive and finite.
    """
    found = [(f"{time.rule}, time", time.ratio) for time in comparison.times]
    found.append(("energy", comparison.energy))
    ratios = [(name, ratio) for name, ratio in found if ratio is not None and 0 < ratio.value < math.inf]
    if not ratios:
        return Markup("")
    width = max(MIN_SCALE, *(1.1 * abs(math.log(end)) for _, ratio in ratios for end in _ends(ratio)))
    bars = []
    for name, ratio in ratios:
        low, high = (_percent(end, width) for end in _ends(ratio))
        at = _percent(ratio.value, width)
        bars.append(_BAR.format(html(name), low, 100 - high, at, significant(ratio.value)))
    bars.append(_SCALE.format(significant(math.exp(-width), 3), significant(math.exp(width), 3)))
    return Markup('<div class="ratios" aria-hidden="true">\n{}</div>\n').format(Markup("").join(bars))


def _percent(ratio: float, width: float) -> float:
    """Return the position of a ratio from the left; `width` is that of the scale to either side of 1."""
    return 50 + 50 * math.log(ratio) / width


def _ends(ratio: Ratio) -> tuple[float, float]:
    """Return the interval, or twice the ratio itself if there is no interval that can be drawn."""
    interval = ratio.interval
    if interval is None or not 0 < interval.low <= interval.high < math.inf:
        return ratio.value, ratio.value
    return interval.low, interval.high


def _title(comparison: Comparison) -> str:
    reference, other = names(comparison)
    if comparison.paired is not None:
        return f"{other} compared with {reference}"
    days = (layout.minute(run.created) for run in (comparison.other, comparison.reference))
    return f"{comparison.other.identity.recipe}, {' compared with '.join(days)}"


def _roles(comparison: Comparison) -> tuple[str, str]:
    """Return short names for the tables, because names of run folders are long."""
    return names(comparison) if comparison.paired is not None else ("reference", "other")


def _lines(comparison: Comparison, prices: PriceList) -> list[str]:
    """Return the lines of the terminal report other than the verdict and the table."""
    report = comparison_report(comparison, prices)
    assert isinstance(report, Group)
    found = [part.plain for part in report.renderables if isinstance(part, Text)]
    both = zip(names(comparison), (comparison.reference, comparison.other), strict=True)
    named = (f"{name} is {trials.name}" for name, trials in both)
    shown = {f"{verdict_sentence(comparison)}.", *_speed_up(comparison), *named}
    return [line for line in found if line not in shown]


def _speed_up(comparison: Comparison) -> list[str]:
    gained = speed_up(comparison)
    return [] if gained is None else [f"{speed_up_sentence(gained)}."]


def _table(comparison: Comparison) -> Table:
    header, rows = figures_rows(comparison)
    columns = [Column("Figure"), *(Column(name, numeric=True) for name in header[1:])]
    return Table("The figures behind the verdict", columns, [[Cell(cell) for cell in row] for row in rows])


def _trials(comparison: Comparison) -> list[Markup]:
    rule, roles = comparison.verdict.rule, _roles(comparison)
    reference, other = (_times(trials, rule) for trials in (comparison.reference, comparison.other))
    unit = time_unit(rule)
    lines = [_line(roles[0], reference, unit.scale, "grey"), _line(roles[1], other, unit.scale, "blue")]
    columns = ("Trial", *(f"#{name} [{unit.name}]" for name in roles))
    numbers = sorted(reference.keys() | other.keys())
    rows = [
        [Cell(str(n)), *(layout.time_cell(side.get(n), rule) for side in (reference, other))] for n in numbers
    ]
    title = f"Time of each trial under the {rule} rule"
    if is_per_image(rule):
        title = "Latency of an image in each trial, a pass over the test images"
    note = f"Blue: {roles[1]}; grey: {roles[0]}."
    chart = Chart(title, Axis("trial", kind="count"), Axis("time", unit.name, digits=3), lines, note=note)
    return [*([render_chart(chart)] if numbers else []), layout.table(title, columns, rows)]


def _line(name: str, times: Mapping[int, float], scale: float, color: Color) -> Line:
    shown = [scale * seconds for seconds in times.values()]
    return Line(name, [float(number) for number in times], shown, color=color, dots=True)


def _times(trials: TrialSet, rule: str) -> dict[int, float]:
    """Return the seconds of the trials that have a time under the rule, by their numbers, ascending."""
    found = ((trial.trial, trial.seconds.get(rule)) for trial in trials.counting)
    return dict(sorted((number, seconds) for number, seconds in found if seconds is not None))
