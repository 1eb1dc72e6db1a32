"""A comparison for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.comparison_dashes import comparison_dashes
from dawnbench.report.units import significant
from dawnbench.safe_text import plain
from dawnbench.stats.comparison.outcome import Comparison, Difference, Ratio, TimeComparison
from dawnbench.stats.comparison.sentences import names, remedy, verdict_sentence
from dawnbench.stats.cost import Prices, cost_of_energy, cost_of_time, dollars, emission_of_energy
from dawnbench.stats.run_warnings import Concern, find_warnings
from dawnbench.stats.trial_values import accuracies, spent_energies

STYLES = {"faster": "bold green", "slower": "bold red"}
SMALLEST_P = 1e-6
"""A smaller p-value would depend on tails that nobody has measured."""

Values = Sequence[float | None]
"""The reference's and the other's."""


def comparison_report(comparison: Comparison, prices: tuple[Prices, Prices]) -> RenderableType:
    """Return the verdict, the numbers behind it, and what else differs.

    `prices` are those of the reference's machine and of the other's.
    """
    found = comparison.differences
    # The recipes of an A/B campaign differ on purpose, which needs no warning.
    admitted = [note for note in found.refusals if comparison.paired is None or note != found.recipes]
    warnings = [*admitted, *found.cautions, *_warnings(comparison)]
    remarks = [
        *(Text(plain(line)) for line in (*_notes(comparison), *_costs(comparison, prices))),
        *(Text(plain(f"! {note}"), style="yellow") for note in warnings),
    ]
    return Group(
        *(Text(plain(line), style="dim") for line in _subjects(comparison)),
        Text(plain(verdict_sentence(comparison)) + ".", style=STYLES.get(comparison.verdict.word, "bold")),
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
    if comparison.accuracy is not None:
        rows.append(_accuracy_cells(comparison, comparison.accuracy))
    if comparison.energy is not None:
        rows.append(["energy [J]", *map(_number, _joules(comparison)), *_ratio_cells(comparison.energy)])
    # A table has no gaps.
    return header, [row + [""] * (len(header) - len(row)) for row in rows]


def _warnings(comparison: Comparison) -> Iterator[str]:
    """Yield what is doubtful about either side, except too few trials, which the verdict mentions."""
    for name, series in zip(names(comparison), (comparison.reference, comparison.other), strict=True):
        for warning in find_warnings(series, comparison.verdict.rule):
            if warning.concern is not Concern.TOO_FEW:
                yield f"{name}: {warning}"


def _time_cells(time: TimeComparison, paired: bool) -> list[str]:
    cells = [f"{time.rule} [s]", *map(_number, time.seconds)]
    cells += _ratio_cells(time.ratio)
    cells += [_p(time.p_mann_whitney), _p(time.p_welch)]
    return cells + ([_p(time.p_signed_rank)] if paired else [])


def _accuracy_cells(comparison: Comparison, found: Difference) -> list[str]:
    both = (comparison.reference, comparison.other)
    means = (f"{100 * fmean(accuracies(series)):.2f}" for series in both)
    bounds = _bounds(found, _points)
    return ["accuracy [%]", *means, _points(found.value), bounds, "", _p(comparison.p_accuracy)]


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
    time = comparison.verdict
    how = "missed the target" if stops_at_target(time.rule) else "diverged"
    for name, missed, trials in zip(names(comparison), time.missed, time.trials, strict=True):
        if missed:
            of = "1 trial" if trials == 1 else f"{trials} trials"
            then = "so there is no time" if missed == trials else "and the time they took is included"
            yield f"{name}: {missed} of {of} {how}, {then}."
    yield from comparison_dashes(comparison)


def _costs(comparison: Comparison, prices: tuple[Prices, Prices]) -> Iterator[str]:
    time, joules = comparison.verdict, _joules(comparison)
    machine = [cost_of_time(seconds, price) for seconds, price in zip(time.seconds, prices, strict=True)]
    electricity = [cost_of_energy(energy, price) for energy, price in zip(joules, prices, strict=True)]
    grams = [emission_of_energy(energy, price) for energy, price in zip(joules, prices, strict=True)]
    yield from _pair(f"Cost under {time.rule}", machine, dollars)
    yield from _pair("Electricity", electricity, dollars)
    yield from _pair("Carbon in g CO2e", grams, _number)


def _pair(what: str, values: Values, shown: Callable[[float | None], str]) -> Iterator[str]:
    left, right = values
    if left is None and right is None:
        return
    change = f", {100 * (right / left - 1):+.1f} %" if left and right is not None else ""
    yield f"{what}: {shown(left)} and {shown(right)}{change}."


def _joules(comparison: Comparison) -> Values:
    """Return the joules that each side is expected to spend under the verdict's rule."""
    both = (comparison.reference, comparison.other)
    return [_expected_joules(series, comparison.verdict.rule) for series in both]


def _expected_joules(series: TrialSet, rule: str) -> float | None:
    found = spent_energies(series, rule)
    return found.expected if found.reached else None


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
