"""Rank tests: a censored trial ranks as the slowest, and nothing has to be normally distributed.

Both are exact, ties included, as long as that is quick: the normal approximation gives too low a p-value if
a few trials tie, as those that missed the target do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

Alternative = Literal["two-sided", "greater", "less"]
_SWAPPED: dict[Alternative, Alternative] = {"two-sided": "two-sided", "greater": "less", "less": "greater"}
_EXACT_STEPS = 21_000_000
"""Additions up to which the exact distribution is quick; beyond that the normal one is as good."""
_EXACT_PAIRS = 100


def mann_whitney(x: Sequence[float], y: Sequence[float], alternative: Alternative) -> float:
    """Return the p-value of the Mann-Whitney test; `greater` asks whether `x` lies above `y`.

    A value may be infinite: a trial that missed its target takes longer than any that reached it, and two
    such trials tie. Exact given the ties for up to 40 values against 40, or 5 against 150; beyond that by the
    normal distribution with corrections for ties and continuity.
    """
    if len(x) > len(y):
        return mann_whitney(y, x, _SWAPPED[alternative])
    from scipy.stats import mannwhitneyu, rankdata

    both = np.concatenate([x, y])
    if np.all(both == both[0]):
        return 1.0
    if len(x) * len(both) ** 3 > _EXACT_STEPS:
        return float(mannwhitneyu(x, y, alternative=alternative, method="asymptotic").pvalue)
    ranks = _doubled(rankdata(both))
    return _p_value(_sums_of(len(x), tuple(sorted(ranks))), sum(ranks[: len(x)]), alternative)


def least_p_value(n: int, m: int, alternative: Alternative) -> float:
    """Return the smallest p-value that a Mann-Whitney test of n values against m can give."""
    sides = 2 if alternative == "two-sided" else 1
    return min(1.0, sides / math.comb(n + m, n))


def signed_rank(differences: Sequence[float], alternative: Alternative = "two-sided") -> float:
    """Return the p-value of Wilcoxon's signed-rank test; `greater` asks whether they lie above zero.

    A difference may be infinite, and is then among the largest. A difference of zero is ranked but counts for
    neither side (Pratt 1959). Exact given the ties for up to 100 differences; beyond that by the normal
    distribution.
    """
    from scipy.stats import rankdata, wilcoxon

    values = np.asarray(differences, dtype=float)
    if not np.any(values):
        return 1.0
    if values.size > _EXACT_PAIRS:
        # Any value above the finite ones gives an infinite difference the largest rank.
        largest = 2 * np.abs(values[np.isfinite(values)]).max(initial=0.5)
        ranked = np.where(np.isfinite(values), values, np.sign(values) * largest)
        found = wilcoxon(ranked, zero_method="pratt", alternative=alternative, method="asymptotic")
        return float(found.pvalue)
    ranks = _doubled(rankdata(np.abs(values)))
    nonzero = tuple(sorted(rank for rank, value in zip(ranks, values, strict=True) if value))
    above = sum(rank for rank, value in zip(ranks, values, strict=True) if value > 0)
    return _p_value(_sums_of_any(nonzero), above, alternative)


def least_signed_rank_p_value(pairs: int) -> float:
    """Return the smallest p-value that the signed-rank test of this many pairs can give."""
    return min(1.0, 2.0 ** (1 - pairs))


def _doubled(ranks: np.ndarray) -> list[int]:
    """Return twice the ranks, which are integers: tied ranks may be halves."""
    return [round(2 * rank) for rank in ranks.tolist()]


@lru_cache(maxsize=16)
def _sums_of(count: int, ranks: tuple[int, ...]) -> np.ndarray:
    """Return in how many ways `count` of the ranks add up to 0, 1, 2, ..."""
    ways = np.zeros((count + 1, sum(ranks) + 1))
    ways[0, 0] = 1
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank]
    last: np.ndarray = ways[count]
    return last


@lru_cache(maxsize=16)
def _sums_of_any(ranks: tuple[int, ...]) -> np.ndarray:
    """Return in how many ways any of the ranks add up to 0, 1, 2, ..."""
    ways: np.ndarray = np.zeros(sum(ranks) + 1)
    ways[0] = 1
    for rank in ranks:
        ways[rank:] += ways[: ways.size - rank]
    return ways


def _p_value(ways: np.ndarray, found: int, alternative: Alternative) -> float:
    """Return the p-value of a rank sum from the number of equally likely ways to get each sum."""
    less, greater = (float(tail.sum() / ways.sum()) for tail in (ways[: found + 1], ways[found:]))
    if alternative == "two-sided":
        return min(1.0, 2 * min(less, greater))
    return less if alternative == "less" else greater
