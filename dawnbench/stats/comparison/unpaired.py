"""Compares trials that were not run in pairs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dawnbench.records.rules import shares_start
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.inversion import ratio_interval
from dawnbench.stats.comparison.outcome import Difference, Ratio, TimeComparison, word
from dawnbench.stats.comparison.trials_needed import ALPHA, MEANS_ALPHA, missing_trials
from dawnbench.stats.intervals import Interval
from dawnbench.stats.ranks import mann_whitney
from dawnbench.stats.trial_values import Spent, accuracies, spent_energies, spent_seconds


def compare_times(reference: TrialSet, other: TrialSet, rule: str) -> TimeComparison:
    """Compare the times of trials that were not run in pairs: Mann-Whitney's test decides."""
    ours, theirs = spent_seconds(other, rule), spent_seconds(reference, rule)
    missing = missing_trials(len(theirs.censored), len(ours.censored))
    found = compare_by(ours, theirs, rule)
    if shares_start(rule):
        # Each side has a single start, whatever the number of trials, so the spread of starts is unknown.
        undecided = word(None, could_tell=False)
        return replace(found, p_mann_whitney=None, p_welch=None, word=undecided, missing=None)
    if any(missing):
        return replace(found, word=word(None, could_tell=False), missing=missing)
    ratio = found.ratio and replace(found.ratio, interval=ratio_interval(ours.censored, theirs.censored))
    found = replace(found, ratio=ratio)
    return replace(found, word=word(ratio, could_tell=True, means_differ=_means_differ(ours, theirs)))


def compare_by(ours: Spent, theirs: Spent, rule: str) -> TimeComparison:
    """Compare times with the reference's, `theirs`, by means and by ranks; no verdict yet."""
    n, m = len(ours.censored), len(theirs.censored)
    both = n > 0 and m > 0
    return TimeComparison(
        rule=rule,
        seconds=(_finite(theirs.expected), _finite(ours.expected)),
        trials=(m, n),
        missed=(len(theirs.missed), len(ours.missed)),
        ratio=_ratio(ours, theirs) if both else None,
        p_mann_whitney=mann_whitney(ours.censored, theirs.censored, "two-sided") if both else None,
        p_welch=welch(ours.reached, theirs.reached),
        p_signed_rank=None,
        word="no difference shown",
        missing=(0, 0),
    )


def compare_accuracy(reference: TrialSet, other: TrialSet) -> tuple[Difference | None, float | None]:
    """Return the difference of the mean final accuracies in percentage points, and Welch's p-value."""
    ours = sorted(100 * accuracy for accuracy in accuracies(other))
    theirs = sorted(100 * accuracy for accuracy in accuracies(reference))
    if not ours or not theirs:
        return None, None
    found = _welch(ours, theirs)
    interval = None
    if found is not None:
        low, high = found.confidence_interval(1 - ALPHA)
        interval = Interval(float(low), float(high))
    p = None if found is None else float(found.pvalue)
    return Difference(float(np.mean(ours) - np.mean(theirs)), interval), p


def compare_energy(reference: TrialSet, other: TrialSet, rule: str) -> Ratio | None:
    """Return the ratio of the expected energies, including what trials that missed the target spent.

    To the target, or over a whole trial, as the rule asks. None if one side has no reading or the reference's
    energy is zero.
    """
    ours, theirs = spent_energies(other, rule), spent_energies(reference, rule)
    if not ours.censored or not theirs.censored or not theirs.expected:
        return None
    ratio = _ratio(ours, theirs)
    if ratio is None or any(missing_trials(len(theirs.censored), len(ours.censored))):
        return ratio
    return replace(ratio, interval=ratio_interval(ours.censored, theirs.censored))


def welch(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Return Welch's two-sided p-value; None if a side has fewer than two values or neither has a spread."""
    found = _welch(a, b)
    return None if found is None else float(found.pvalue)


def _welch(a: Sequence[float], b: Sequence[float]) -> Any:
    if min(len(a), len(b)) < 2 or (len(set(a)) == 1 and len(set(b)) == 1):
        return None
    from scipy.stats import ttest_ind

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # scipy warns of a side without spread; the test is sound all the same
        return ttest_ind(sorted(a), sorted(b), equal_var=False)


def _means_differ(ours: Spent, theirs: Spent) -> bool:
    """Return whether the expected times differ; without misses, the ranks are enough to say so."""
    if not (ours.missed or theirs.missed) or not (ours.reached and theirs.reached):
        return True
    p = welch(*(log_expected(spent.table).tolist() for spent in (ours, theirs)))
    return p is None or p < MEANS_ALPHA


def log_expected(table: np.ndarray) -> np.ndarray:
    """Return one value (n,) per trial whose mean is the logarithm of the expected time, linearised.

    `table` (n, 2) is what each trial spent, and 1 if it succeeded, 0 if not; at least one did. The spread of
    the values is that of the logarithm by the delta method.
    """
    spent, success = table.T
    expected = spent.sum() / success.sum()
    found: np.ndarray = np.log(expected) + (spent / expected - success) / success.mean()
    return found


def _ratio(numerator: Spent, denominator: Spent) -> Ratio | None:
    """Return the ratio of the expected spending; None if neither side has a success or both spent 0."""
    ours, theirs = numerator.expected, denominator.expected
    if theirs == 0 or ours == theirs == math.inf:
        return None if ours == theirs else Ratio(math.inf, None)
    return Ratio(ours / theirs, None)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
