"""Compares trials run in pairs, one from each side, on one device in one process."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from dawnbench.records.schema import StoppingRecord
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.comparison.inversion import paired_ratio_interval
from dawnbench.stats.comparison.outcome import TimeComparison, word
from dawnbench.stats.comparison.trials_needed import ALPHA, MEANS_ALPHA, missing_pairs
from dawnbench.stats.comparison.unpaired import compare_by, log_expected
from dawnbench.stats.ranks import least_signed_rank_p_value, signed_rank
from dawnbench.stats.sequential import VERDICT_ALPHA, level_after
from dawnbench.stats.trial_values import censored_seconds, spent_seconds


def are_paired(a: TrialSet, b: TrialSet) -> bool:
    """Return whether these are the two sides of one campaign."""
    return (
        a.pairing is not None
        and b.pairing is not None
        and a.pairing.campaign == b.pairing.campaign
        and a.pairing.side != b.pairing.side
    )


def pairs(a: TrialSet, b: TrialSet) -> tuple[tuple[TrialFigures, TrialFigures], ...]:
    """Return the trials that count on both sides, paired by number."""
    partners = {trial.trial: trial for trial in b.counting}
    return tuple((trial, partners[trial.trial]) for trial in a.counting if trial.trial in partners)


def compare_paired_times(reference: TrialSet, other: TrialSet, rule: str) -> TimeComparison:
    """Compare pair by pair: Wilcoxon's signed ranks of the pairs' ratios decide.

    A slow minute of the machine delays both trials of a pair, so it cancels in the ratio. A pair in which
    only one trial reached the target counts as a ratio of infinity or zero; a pair in which neither did says
    nothing about speed. If the campaign went on until the verdict was settled, level and interval are those
    of its stopping rule (`stats.sequential`).
    """
    seconds = _seconds(reference, other, rule)
    informative = seconds[np.isfinite(seconds).any(axis=1)]
    count = len(informative) or len(seconds)
    level = _level(reference.stopping, count)
    missing = _missing(reference.stopping, count, level)
    found = compare_by(spent_seconds(other, rule), spent_seconds(reference, rule), rule)
    found = replace(found, missing=(missing, missing), level=level, pairs=len(informative))
    if not len(informative):
        return replace(found, ratio=None, word=word(None, could_tell=not missing))
    ratios = informative[:, 1] / informative[:, 0]
    with np.errstate(divide="ignore"):
        p = signed_rank(np.log(ratios), "two-sided")
    found = replace(found, p_signed_rank=p)
    if missing:
        return replace(found, word=word(None, could_tell=False))
    ratio = found.ratio and replace(found.ratio, interval=paired_ratio_interval(ratios, level))
    means_differ = _means_differ(reference, other, rule)
    return replace(found, ratio=ratio, word=word(ratio, could_tell=True, means_differ=means_differ))


def _means_differ(reference: TrialSet, other: TrialSet, rule: str) -> bool:
    """Return whether the expected times differ; without misses, the ranks are enough to say so."""
    both = [
        (_spent(theirs, rule), _spent(ours, rule))
        for theirs, ours in pairs(reference, other)
        if censored_seconds(theirs, rule) and censored_seconds(ours, rule)
    ]
    # An array (sides, pairs, 2).
    tables = np.array(both, dtype=float).reshape(-1, 2, 2).swapaxes(0, 1)
    successes = tables[..., 1].sum(axis=1)
    if successes.min() == 0 or successes.min() == tables.shape[1]:
        return True
    from scipy.stats import ttest_1samp

    differences = log_expected(tables[1]) - log_expected(tables[0])
    return bool(differences.std() == 0 or ttest_1samp(differences, 0).pvalue < MEANS_ALPHA)


def _spent(trial: TrialFigures, rule: str) -> tuple[float, float]:
    seconds = censored_seconds(trial, rule)
    assert seconds is not None
    reached = math.isfinite(seconds)
    return (seconds, 1.0) if reached else (trial.spent_seconds[rule] or 0.0, 0.0)


def _level(stopping: StoppingRecord | None, pairs: int) -> float:
    """Return the level of the test: the bound of the campaign's stopping rule, if its pairs follow one."""
    if stopping is None:
        return ALPHA
    return level_after(pairs, stopping.first_look, stopping.max_trials, VERDICT_ALPHA)


def _missing(stopping: StoppingRecord | None, pairs: int, level: float) -> int:
    if stopping is None:
        return missing_pairs(pairs)
    if least_signed_rank_p_value(pairs) < level:
        return 0
    return max(1, stopping.first_look - pairs)


def _seconds(reference: TrialSet, other: TrialSet, rule: str) -> np.ndarray:
    """Return an array (pairs, 2), the reference first, without the pairs that lack a segment."""
    both = [
        (censored_seconds(theirs, rule), censored_seconds(ours, rule))
        for theirs, ours in pairs(reference, other)
    ]
    # A time of zero has no ratio either.
    return np.array([pair for pair in both if all(pair)], dtype=float).reshape(-1, 2)
