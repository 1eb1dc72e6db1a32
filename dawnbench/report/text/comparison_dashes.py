"""Why a comparison's table has dashes."""

from __future__ import annotations

from collections.abc import Iterator

from dawnbench.records.rules import is_per_image, shares_start, stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.dashes import joined
from dawnbench.stats.comparison.outcome import Comparison, TimeComparison
from dawnbench.stats.comparison.sentences import names
from dawnbench.stats.trial_values import spent_energies

WELCH = "Welch's test takes at least two values on each side that are not all equal"
FEW = "there are too few trials for an interval"


def comparison_dashes(comparison: Comparison) -> list[str]:
    """Return one sentence per reason why rows of the table have a dash."""
    found: dict[str, list[str]] = {}
    for time in comparison.times:
        if any(time.trials):
            for why in _of_times(comparison, time):
                found.setdefault(why, []).append("latency" if is_per_image(time.rule) else time.rule)
    for row, reasons in (("accuracy", _of_accuracy(comparison)), ("energy", _of_energy(comparison))):
        for why in reasons:
            found.setdefault(why, []).append(row)
    return [f"A dash in the row of {joined(rows)}: {why}." for why, rows in found.items()]


def _of_times(comparison: Comparison, time: TimeComparison) -> Iterator[str]:
    ended = "missed the target" if stops_at_target(time.rule) else "diverged"
    for name, seconds, trials in zip(names(comparison), time.seconds, time.trials, strict=True):
        if seconds is None:
            yield f"every trial of {name} {ended}" if trials else f"no trial of {name} was timed"
    if shares_start(time.rule):
        yield "all trials of a run share one start, so nothing can be tested"
        return
    if time.ratio is not None and time.ratio.interval is None:
        yield FEW
    if time.p_welch is None and None not in time.seconds:
        yield WELCH
    if comparison.paired is not None and time.p_signed_rank is None:
        yield "no pair has a time"


def _of_accuracy(comparison: Comparison) -> Iterator[str]:
    if is_per_image(comparison.verdict.rule):
        yield "every pass of a model gives the same answers"
        return
    found = comparison.accuracy
    if found is not None and (found.interval is None or comparison.p_accuracy is None):
        yield WELCH


def _of_energy(comparison: Comparison) -> Iterator[str]:
    if comparison.energy is None:
        return
    both: tuple[TrialSet, ...] = (comparison.reference, comparison.other)
    for name, series in zip(names(comparison), both, strict=True):
        if not spent_energies(series, comparison.verdict.rule).reached:
            yield f"no trial of {name} with an energy reading reached the target"
    if comparison.energy.interval is None:
        yield FEW
