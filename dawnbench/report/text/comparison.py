"""A comparison for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.records.rules import is_per_image, stops_at_target
from dawnbench.report.text.comparison_dashes import comparison_dashes
from dawnbench.report.text.costs import times_of, up_to
from dawnbench.report.text.stopping import stopping_sentence
from dawnbench.report.units import significant, time_label, time_unit
from dawnbench.safe_text import plain
from dawnbench.stats.comparison.outcome import Comparison, Difference, Ratio, TimeComparison
from dawnbench.stats.comparison.sentences import names, remedy, verdict_sentence
from dawnbench.stats.comparison.speed_up import speed_up, speed_up_sentence
from dawnbench.stats.cost import dollars
from dawnbench.stats.inference_summary import summarise_inference
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.stats.run_warnings import Concern, find_warnings
from dawnbench.stats.spending import Spending, spending
from dawnbench.stats.trial_values import accuracies

STYLES = {"faster": "bold green", "slower": "bold red"}
SMALLEST_P = 1e-6
"""A smaller p-value would depend on tails that nobody has measured."""

Values = Sequence[float | None]
"""The reference's and the other's."""


def comparison_report(comparison: Comparison, prices: PriceList) -> RenderableType:
    """Return the verdict, the numbers behind it, what both cost, and what else differs."""
    found = comparison.differences
    # The recipes of an A/B campaign differ on purpose, which needs no warning.
    admitted = [note for note in found.refusals if comparison.paired is None or note != found.recipes]
    gained = speed_up(comparison)
    warnings = [*admitted, *(found.cautions if gained else found.remarks), *_warnings(comparison)]
    remarks = [
        *(Text(plain(line)) for line in (*_notes(comparison), *cost_lines(comparison, prices))),
        *(Text(plain(f"! {note}"), style="yellow") for note in warnings),
    ]
    return Group(
        *(Text(plain(line), style="dim") for line in _subjects(comparison)),
        Text(plain(verdict_sentence(comparison)) + ".", style=STYLES.get(comparison.verdict.word, "bold")),
        *([Text(f"{speed_up_sentence(gained)}.", style="bold")] if gained else []),
        *(Text(plain(line), style="bold") for line in _needed(comparison)),
        "",
        figures_table(comparison),
        *[""] * bool(remarks),
        *remarks,
    )


def _needed(comparison: Comparison) -> Iterator[str]:
    """Yield what would settle the comparison, with each command on a line of its own, to be pasted."""
    needed = remedy(comparison)
    if needed is not None:
        yield f"{needed.needs}{':' if needed.commands else '.'}"
        yield from needed.commands


def figures_table(comparison: Comparison) -> Table:
    """Return `figures_rows` as a table for a terminal."""
    header, rows = figures_rows(comparison)
    table = Table(box=None, pad_edge=False, padding=(0, 1 if comparison.paired is not None else 2, 0, 0))
    for i, column in enumerate(header):
        # Folded, since a truncated number reads as a different one.
        table.add_column(column, justify="right" if i else "left", overflow="fold")
    for row in rows:
        # The units' brackets would be markup in a string.
        table.add_row(*(Text(plain(cell)) for cell in row))
    return table


def figures_rows(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return a header and one row per rule, the verdict's first, plus one each for accuracy and energy."""
    paired = comparison.paired is not None
    named = names(comparison) if paired else ("reference", "other")
    header = ["", *named, "ratio", "99 % interval", "p rank", "p Welch", *["p pairs"] * paired]
    rows = [_time_cells(time, paired) for time in comparison.times if any(time.trials)]
    rows += _inference_cells(comparison)
    if comparison.accuracy is not None:
        rows.append(_accuracy_cells(comparison, comparison.accuracy))
    if comparison.energy is not None:
        rows.append(_energy_cells(comparison, comparison.energy))
    # A table has no gaps.
    return header, [row + [""] * (len(header) - len(row)) for row in rows]


def _warnings(comparison: Comparison) -> Iterator[str]:
    """Yield what is doubtful about either side, except too few trials, which the verdict mentions."""
    for name, series in zip(names(comparison), (comparison.reference, comparison.other), strict=True):
        for warning in find_warnings(series, comparison.verdict.rule):
            if warning.concern is not Concern.TOO_FEW:
                yield f"{name}: {warning}"


def _time_cells(time: TimeComparison, paired: bool) -> list[str]:
    cells = [time_label(time.rule), *map(time_unit(time.rule).number, time.seconds)]
    cells += _ratio_cells(time.ratio)
    cells += [_p(time.p_mann_whitney), _p(time.p_welch)]
    return cells + ([_p(time.p_signed_rank)] if paired else [])


def _accuracy_cells(comparison: Comparison, found: Difference) -> list[str]:
    both = (comparison.reference, comparison.other)
    means = (f"{100 * fmean(accuracies(series)):.2f}" for series in both)
    bounds = _bounds(found, _points)
    return ["accuracy [%]", *means, _points(found.value), bounds, "", _p(comparison.p_accuracy)]


def _inference_cells(comparison: Comparison) -> Iterator[list[str]]:
    """Yield the tail of the latencies and the throughputs at the batch sizes of both, as means."""
    ours, theirs = (summarise_inference(one) for one in (comparison.other, comparison.reference))
    if ours is None or theirs is None:
        return
    yield _means("99th percentile [ms]", 1000 * theirs.p99.mean, 1000 * ours.p99.mean)
    for size, throughput in theirs.throughputs.items():
        if size in ours.throughputs:
            yield _means(f"batch {size} [images/s]", throughput.mean, ours.throughputs[size].mean)


def _means(label: str, theirs: float, ours: float) -> list[str]:
    return [label, significant(theirs), significant(ours), significant(ours / theirs) if theirs else "-"]


def _energy_cells(comparison: Comparison, found: Ratio) -> list[str]:
    label, scale = (
        ("energy per image [mJ]", 1000) if is_per_image(comparison.verdict.rule) else ("energy [J]", 1)
    )
    both = [None if joules is None else scale * joules for joules in _joules(comparison)]
    return [label, *map(_number, both), *_ratio_cells(found)]


def _subjects(comparison: Comparison) -> Iterator[str]:
    both = (comparison.reference, comparison.other)
    if comparison.paired is not None:
        for name, series in zip(names(comparison), both, strict=True):
            yield f"{name} is {series.name}"
    elif any(series.identity.changes for series in both):
        yield from (f"{series.name} is {series.identity.recipe}" for series in both)
    if comparison.paired is not None and comparison.differences.recipes is not None:
        yield comparison.differences.recipes


def _notes(comparison: Comparison) -> Iterator[str]:
    """Yield what the table's header does not say about its numbers."""
    if comparison.paired is not None:
        yield "A time is the mean over all trials; the interval is that of the test of the pairs."
    if comparison.paired is not None and comparison.reference.stopping is not None:
        yield stopping_sentence(comparison.reference.stopping)
    time = comparison.verdict
    how = "missed the target" if stops_at_target(time.rule) else "diverged"
    for name, missed, trials in zip(names(comparison), time.missed, time.trials, strict=True):
        if missed:
            of = "1 trial" if trials == 1 else f"{trials} trials"
            then = "so there is no time" if missed == trials else "and the time they took is included"
            yield f"{name}: {missed} of {of} {how}, {then}."
    yield from comparison_dashes(comparison)


def cost_lines(comparison: Comparison, prices: PriceList) -> Iterator[str]:
    """Yield what the two sides cost under the verdict's rule, as far as prices are known."""
    sides, rule = _spent(comparison, prices), comparison.verdict.rule
    goal = f" {up_to(rule)}" if is_per_image(rule) else ""

    def of(value: float | None) -> float | None:
        return None if value is None else times_of(rule) * value

    if any(side.prices.cost_per_hour is not None for side in sides):
        machine = [(of(side.dollars), side.no_dollars) for side in sides]
        yield _pair(f"Cost{goal} under {rule}", machine, dollars)
    if any(side.prices.price_per_kwh is not None for side in sides):
        electricity = [(of(side.electricity_dollars), side.no_joules) for side in sides]
        yield _pair(f"Electricity{goal}", electricity, dollars)
    if any(side.prices.grams_per_kwh is not None for side in sides):
        yield _pair(f"Carbon{goal} in g CO2e", [(of(side.grams), side.no_joules) for side in sides], _number)


def _pair(what: str, sides: Sequence[tuple[float | None, str]], shown: Callable[[float | None], str]) -> str:
    """Return two values, each with why it is unknown if it is."""
    (left, _), (right, _) = sides
    change = f", {100 * (right / left - 1):+.1f} %" if left and right is not None else ""
    both = (f"- ({unknown})" if value is None and unknown else shown(value) for value, unknown in sides)
    return f"{what}: {' and '.join(both)}{change}."


def _spent(comparison: Comparison, prices: PriceList) -> tuple[Spending, Spending]:
    rule, reference, other = comparison.verdict.rule, comparison.reference, comparison.other
    return (
        spending(reference, rule, prices.prices_of(reference)),
        spending(other, rule, prices.prices_of(other)),
    )


def _joules(comparison: Comparison) -> Values:
    """Return the joules that each side is expected to spend under the verdict's rule."""
    return [side.joules for side in _spent(comparison, UNPRICED)]


def _ratio_cells(ratio: Ratio | None) -> list[str]:
    return ["-", "-"] if ratio is None else [significant(ratio.value), _bounds(ratio, significant)]


def _bounds(found: Ratio | Difference, shown: Callable[[float], str]) -> str:
    interval = found.interval
    return "-" if interval is None else f"{shown(interval.low)} to {shown(interval.high)}"


def _points(value: float) -> str:
    return f"{value:+z.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else significant(value)


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return f"<{SMALLEST_P:.0e}".replace("e-0", "e-") if value < SMALLEST_P else f"{value:.2g}"
