"""The test behind a gate: whether a run lies beyond a margin on the bad side of its baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.stats import fisher_exact

from dawnbench.stats.ranks import least_p_value, mann_whitney

ALPHA = 0.05
MIN_TRIALS = 3


@dataclass(frozen=True, slots=True)
class Beyond:
    """Whether a run lies beyond a margin."""

    shown: bool
    p_value: float
    """One-sided, of the test that decided."""
    by_failures: bool
    """Whether it is shown by the number of trials that failed, and not by the figures of the others."""


def beyond(
    run: Sequence[float], allowed: Sequence[float], bad: Literal["greater", "less"], mean_beyond: bool
) -> Beyond:
    """Test whether a run's figures lie beyond those of a baseline that the margin was put on already.

    An infinite figure is that of a trial that failed. By a one-sided Mann-Whitney test at 0.05, where the
    mean lies beyond too; and by Fisher's exact test of the failures, since in the ranks the margin lets the
    other trials make up for them: with 2 % allowed and a noise of 1 %, a run could miss every second target.
    """
    p = mann_whitney(_levelled(run), _levelled(allowed), bad)
    if p < ALPHA and mean_beyond:
        return Beyond(True, p, False)
    failing, before = failures(run), failures(allowed)
    table = [[failing, len(run) - failing], [before, len(allowed) - before]]
    by_failures = float(fisher_exact(table, alternative="greater").pvalue)
    return Beyond(True, by_failures, True) if by_failures < ALPHA else Beyond(False, p, False)


def too_few(run: int, baseline: int) -> str | None:
    """Return a sentence where so many trials could never show anything; None where they could."""
    if min(run, baseline) >= MIN_TRIALS and least_p_value(run, baseline, "greater") < ALPHA:
        return None
    trials = "1 trial" if run == 1 else f"{run} trials"
    return (
        f"{trials} against {baseline} cannot show a regression at p < {ALPHA}; "
        f"run at least {MIN_TRIALS}, better 10"
    )


def failures(figures: Sequence[float]) -> int:
    """Return how many of some figures are those of trials that failed."""
    return sum(math.isinf(figure) for figure in figures)


def _levelled(figures: Sequence[float]) -> list[float]:
    """Return figures to 12 digits, so that the margin's rounding unties none that are equal."""
    return [float(f"{figure:.12g}") for figure in figures]
