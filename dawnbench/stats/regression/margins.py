"""The test behind a gate: whether a run is worse than its baseline by more than a margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dawnbench.stats.comparison.trials_needed import missing_trials
from dawnbench.stats.ranks import mann_whitney

ALPHA = 0.05
MIN_TRIALS = 3


@dataclass(frozen=True, slots=True)
class Beyond:
    """Whether a run is worse than a margin allows."""

    shown: bool
    p_value: float
    """One-sided, of the test that decided."""
    by_failures: bool
    """Whether the number of failed trials shows it, rather than the values of the others."""


def beyond(
    run: Sequence[float], allowed: Sequence[float], bad: Literal["greater", "less"], mean_beyond: bool
) -> Beyond:
    """Test whether a run's values lie beyond those of a baseline that already include the margin.

    An infinite value stands for a failed trial. The test is a one-sided Mann-Whitney test at 0.05, which only
    counts if the mean lies beyond too; and Fisher's exact test of the failures, because in the ranks the
    margin lets the other trials make up for failures: with 2 % allowed and a noise of 1 %, a run could miss
    every second target unnoticed.
    """
    p = mann_whitney(_levelled(run), _levelled(allowed), bad)
    if p < ALPHA and mean_beyond:
        return Beyond(True, p, False)
    failing, before = failures(run), failures(allowed)
    from scipy.stats import fisher_exact

    table = [[failing, len(run) - failing], [before, len(allowed) - before]]
    by_failures = float(fisher_exact(table, alternative="greater").pvalue)
    return Beyond(True, by_failures, True) if by_failures < ALPHA else Beyond(False, p, False)


def missing(run: int, baseline: int) -> tuple[int, int]:
    """Return how many more trials of the run and of the baseline a gate takes at least.

    The baseline is left as it is unless it is below the minimum.
    """
    ours, theirs = max(run, MIN_TRIALS), max(baseline, MIN_TRIALS)
    more = missing_trials(theirs, ours, alpha=ALPHA, alternative="greater", fixed_reference=True)[1]
    return ours + more - run, theirs - baseline


def too_few(run: int, baseline: int) -> str | None:
    """Return a sentence if this many trials could never show anything; None if they could."""
    if not any(missing(run, baseline)):
        return None
    trials = "1 trial" if run == 1 else f"{run} trials"
    return f"{trials} against {baseline} cannot show a regression at p < {ALPHA}; {needs(run, baseline)}"


def needs(run: int, baseline: int) -> str:
    """Return how many more trials a gate takes, as part of a sentence."""
    both = zip(missing(run, baseline), ("run", "baseline"), strict=True)
    return "needs " + " and ".join(f"{more} more of the {who}'s" for more, who in both if more)


def failures(values: Sequence[float]) -> int:
    """Return how many of the values stand for failed trials."""
    return sum(math.isinf(value) for value in values)


def _levelled(values: Sequence[float]) -> list[float]:
    """Return the values to 12 digits, so that rounding in the margin does not break ties."""
    return [float(f"{value:.12g}") for value in values]
