"""Compares trials run in pairs, one from each side, on one device in one process."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.bootstrap import bootstrap_interval
from dawnbench.stats.comparison.outcome import ALPHA, Ratio, TimeComparison, word
from dawnbench.stats.comparison.unpaired import compare_by
from dawnbench.stats.ranks import least_signed_rank_p_value, signed_rank
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
    """Compare pair by pair: the ratio is the median of the pairs' ratios, the test Wilcoxon's signed ranks.

    A slow minute of the machine delays both trials of a pair, so it cancels in the ratio. A pair in which
    only one trial reached the target counts as a ratio of infinity or zero; a pair in which neither did says
    nothing about speed.
    """
    seconds = _seconds(reference, other, rule)
    informative = seconds[np.isfinite(seconds).any(axis=1)]
    could_tell = least_signed_rank_p_value(len(informative) or len(seconds)) < ALPHA
    ours, theirs = spent_seconds(other, rule), spent_seconds(reference, rule)
    if not len(informative):
        found = compare_by(ours, theirs, rule, None)
        return replace(found, word=word(None, 1.0, 1.0, could_tell))
    with np.errstate(divide="ignore"):
        ratios = informative[:, 1] / informative[:, 0]
        differences = np.log(ratios)
    faster, slower = signed_rank(differences, "less"), signed_rank(differences, "greater")
    ratio = Ratio(float(np.median(ratios)), bootstrap_interval([ratios], np.median))
    return replace(
        compare_by(ours, theirs, rule, ratio),
        p_signed_rank=min(1.0, 2 * min(faster, slower)),
        word=word(ratio, faster, slower, could_tell),
    )


def _seconds(reference: TrialSet, other: TrialSet, rule: str) -> np.ndarray:
    """Return an array (pairs, 2), the reference first, without the pairs that lack a segment."""
    both = [
        (censored_seconds(theirs, rule), censored_seconds(ours, rule))
        for theirs, ours in pairs(reference, other)
    ]
    # A time of zero has no ratio either.
    return np.array([pair for pair in both if all(pair)], dtype=float).reshape(-1, 2)
