"""Compares trials that were not run in pairs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import ttest_ind

from dawnbench.records.rules import shares_start
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.bootstrap import Interval, bootstrap_interval
from dawnbench.stats.comparison.outcome import ALPHA, Difference, Ratio, TimeComparison, word
from dawnbench.stats.ranks import least_p_value, mann_whitney
from dawnbench.stats.trial_values import Spent, accuracies, expected_time, spent_energies, spent_seconds


def compare_times(reference: TrialSet, other: TrialSet, rule: str) -> TimeComparison:
    """Compare the times of trials that were not run in pairs."""
    ours, theirs = spent_seconds(other, rule), spent_seconds(reference, rule)
    both = bool(ours.censored and theirs.censored)
    ratio = _ratio(ours, theirs) if both else None
    found = compare_by(ours, theirs, rule, ratio)
    if not shares_start(rule):
        return found
    # Each side has a single start, whatever the number of trials, so the spread of starts is unknown.
    alone = ratio and Ratio(ratio.value, None)
    undecided = word(alone, 1.0, 1.0, could_tell=False)
    return replace(found, ratio=alone, p_mann_whitney=None, p_welch=None, word=undecided)


def compare_by(ours: Spent, theirs: Spent, rule: str, ratio: Ratio | None) -> TimeComparison:
    """Compare times by a given ratio and the ranks of all trials; `theirs` are the reference's."""
    n, m = len(ours.censored), len(theirs.censored)
    both = n > 0 and m > 0
    faster = mann_whitney(ours.censored, theirs.censored, "less") if both else 1.0
    slower = mann_whitney(ours.censored, theirs.censored, "greater") if both else 1.0
    return TimeComparison(
        rule=rule,
        seconds=(_finite(theirs.expected), _finite(ours.expected)),
        trials=(m, n),
        missed=(len(theirs.missed), len(ours.missed)),
        ratio=ratio,
        p_mann_whitney=min(1.0, 2 * min(faster, slower)) if both else None,
        p_welch=welch(ours.reached, theirs.reached),
        p_signed_rank=None,
        word=word(ratio, faster, slower, both and least_p_value(n, m, "two-sided") < ALPHA),
    )


def compare_accuracy(reference: TrialSet, other: TrialSet) -> tuple[Difference | None, float | None]:
    """Return the difference of the mean final accuracies in percentage points, and Welch's p-value."""
    ours = sorted(100 * accuracy for accuracy in accuracies(other))
    theirs = sorted(100 * accuracy for accuracy in accuracies(reference))
    if not ours or not theirs:
        return None, None

    def difference(a: Any, b: Any, axis: int = -1) -> Any:
        return a.mean(axis=axis) - b.mean(axis=axis)

    value = float(np.mean(ours) - np.mean(theirs))
    return Difference(value, bootstrap_interval([ours, theirs], difference)), welch(ours, theirs)


def compare_energy(reference: TrialSet, other: TrialSet, rule: str) -> Ratio | None:
    """Return the ratio of the expected energies, including what trials that missed the target spent.

    To the target, or over a whole trial, as the rule asks. None if one side has no reading or the reference's
    energy is zero.
    """
    ours, theirs = spent_energies(other, rule), spent_energies(reference, rule)
    if not ours.censored or not theirs.censored or not theirs.expected:
        return None
    return _ratio(ours, theirs)


def welch(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Return Welch's two-sided p-value; None if a side has fewer than two values or neither has a spread."""
    if min(len(a), len(b)) < 2 or (len(set(a)) == 1 and len(set(b)) == 1):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # scipy warns of a side without spread; the test is sound all the same
        return float(ttest_ind(sorted(a), sorted(b), equal_var=False).pvalue)


def _ratio(numerator: Spent, denominator: Spent) -> Ratio | None:
    """Return the ratio of the expected spending; None if neither side has a success."""

    def ratio(a: Any, b: Any, axis: int = -1) -> Any:
        return expected_time(a, axis=axis) / expected_time(b, axis=axis)

    with np.errstate(all="ignore"):
        value = float(ratio(numerator.table.T, denominator.table.T))
    if math.isnan(value):
        return None
    interval = bootstrap_interval([numerator.table, denominator.table], ratio)
    # If a draw leaves both sides without a success, the ratio may be anything but negative.
    return Ratio(value, interval and Interval(max(0.0, interval.low), interval.high))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
