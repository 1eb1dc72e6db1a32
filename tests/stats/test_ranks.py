from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.stats.ranks import (
    Alternative,
    least_p_value,
    least_signed_rank_p_value,
    mann_whitney,
    signed_rank,
)

pytestmark = pytest.mark.filterwarnings("error")

SIDES: tuple[Alternative, ...] = ("two-sided", "greater", "less")
sides = st.sampled_from(SIDES)
# From so few values that many tie, including the infinite time of a trial that missed its target.
tied = st.lists(st.sampled_from((1.0, 2.0, 2.5, 4.0, math.inf)), min_size=1, max_size=5)
differences = st.lists(st.sampled_from((-math.inf, -2.0, -1.0, 0.0, 0.5, 1.0, math.inf)), max_size=8)
few = settings(max_examples=60, deadline=None)


def by_counting(observed: float, possible: Sequence[float], alternative: Alternative) -> float:
    """The p-value of a statistic, from all equally likely values."""
    less = sum(one <= observed + 1e-9 for one in possible) / len(possible)
    greater = sum(one >= observed - 1e-9 for one in possible) / len(possible)
    if alternative == "two-sided":
        return min(1.0, 2 * min(less, greater))
    return less if alternative == "less" else greater


def all_rank_sums(x: list[float], y: list[float]) -> tuple[float, list[float]]:
    ranks = stats.rankdata([*x, *y])
    return sum(ranks[: len(x)]), [sum(chosen) for chosen in itertools.combinations(ranks, len(x))]


# --- Mann-Whitney ---


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 4), (10, 10), (7, 20), (100, 3)])
def test_without_ties_the_p_value_is_scipys_exact_one(n: int, m: int, alternative: Alternative) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n).tolist(), rng.normal(0.5, 2, size=m).tolist()
    exact = stats.mannwhitneyu(x, y, alternative=alternative, method="exact").pvalue
    assert mann_whitney(x, y, alternative) == pytest.approx(exact)


@few
@given(tied, tied, sides)
def test_with_ties_the_p_value_matches_full_enumeration(
    x: list[float], y: list[float], alternative: Alternative
) -> None:
    observed, possible = all_rank_sums(x, y)
    assert mann_whitney(x, y, alternative) == pytest.approx(by_counting(observed, possible, alternative))


def test_for_very_many_trials_it_is_scipys_approximation() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 50, 60).astype(float), rng.integers(3, 53, 60).astype(float)
    for alternative in SIDES:
        found = stats.mannwhitneyu(x, y, alternative=alternative, method="asymptotic").pvalue
        assert mann_whitney(x.tolist(), y.tolist(), alternative) == pytest.approx(found)


@pytest.mark.parametrize(("n", "m"), [(1, 2_000), (900, 40)])
def test_sides_of_very_unequal_size_take_no_longer(n: int, m: int) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=n).tolist(), rng.normal(size=m).tolist()
    found = stats.mannwhitneyu(x, y, method="asymptotic").pvalue
    assert mann_whitney(x, y, "two-sided") == pytest.approx(found)


def test_forty_against_forty_agree_with_the_approximation_for_more() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=40), rng.normal(0.5, 1, size=40)
    found = stats.mannwhitneyu(x, y, method="asymptotic").pvalue
    assert mann_whitney(x.tolist(), y.tolist(), "two-sided") == pytest.approx(found, rel=0.05)


def test_the_p_value_of_misses_against_times_is_exact() -> None:
    missed = [math.inf] * 3
    assert mann_whitney(missed, [1, 2, 3, 4], "greater") == pytest.approx(1 / 35)
    assert mann_whitney([math.inf] * 5, [1, 2, 3, 4, 5], "two-sided") == pytest.approx(2 / 252)


@few
@given(tied, tied)
def test_swapping_equal_sides_gives_the_same_p_value(x: list[float], y: list[float]) -> None:
    assert mann_whitney(x, y, "greater") == pytest.approx(mann_whitney(y, x, "less"))
    assert mann_whitney(x, y, "two-sided") == pytest.approx(mann_whitney(y, x, "two-sided"))


@few
@given(tied, tied, sides)
def test_only_the_order_of_the_values_counts(
    x: list[float], y: list[float], alternative: Alternative
) -> None:
    found = mann_whitney(x, y, alternative)
    assert mann_whitney([math.exp(f / 9) for f in x], [math.exp(f / 9) for f in y], alternative) == found
    assert mann_whitney(x[::-1], sorted(y), alternative) == found


@few
@given(tied, tied, st.sampled_from((0.01, 0.05, 0.2)))
def test_by_chance_alone_p_values_are_not_too_small_too_often(
    x: list[float], y: list[float], alpha: float
) -> None:
    both = [*x, *y]
    if len(set(both)) == 1 or len(both) > 7:
        return
    found = []
    for chosen in itertools.combinations(range(len(both)), len(x)):
        others = [both[i] for i in range(len(both)) if i not in chosen]
        found.append(mann_whitney([both[i] for i in chosen], others, "two-sided"))
    assert sum(p <= alpha for p in found) <= alpha * len(found)


def test_values_that_are_all_equal_show_nothing() -> None:
    assert mann_whitney([1.0] * 9, [1.0] * 9, "two-sided") == 1
    assert mann_whitney([math.inf] * 9, [math.inf] * 9, "greater") == 1


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 4), (5, 5), (12, 3)])
def test_the_smallest_p_value_is_that_of_sides_without_overlap(
    n: int, m: int, alternative: Alternative
) -> None:
    low, high = list(range(n)), list(range(100, 100 + m))
    found = min(mann_whitney(low, high, alternative), mann_whitney(high, low, alternative))
    assert found == pytest.approx(least_p_value(n, m, alternative))


def test_the_smallest_p_value_is_a_number_for_zero_and_very_many_trials() -> None:
    assert least_p_value(0, 5, "two-sided") == 1
    assert least_p_value(3_000, 3_000, "greater") == 0


# --- signed ranks ---


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("pairs", [1, 5, 20, 50])
def test_without_ties_the_signed_ranks_are_scipys(pairs: int, alternative: Alternative) -> None:
    values = np.random.default_rng(pairs).normal(0.3, 1, pairs)
    exact = stats.wilcoxon(values, alternative=alternative, method="exact").pvalue
    assert signed_rank(values.tolist(), alternative) == pytest.approx(exact)


@few
@given(differences, sides)
def test_with_ties_and_zeros_the_signed_rank_test_matches_full_enumeration(
    values: list[float], alternative: Alternative
) -> None:
    if not any(values):
        return
    ranks = stats.rankdata(np.abs(values))
    told = [rank for rank, value in zip(ranks, values, strict=True) if value]
    observed = sum(rank for rank, value in zip(ranks, values, strict=True) if value > 0)
    possible = [
        sum(rank for rank, positive in zip(told, signs, strict=True) if positive)
        for signs in itertools.product((False, True), repeat=len(told))
    ]
    assert signed_rank(values, alternative) == pytest.approx(by_counting(observed, possible, alternative))


def test_for_very_many_pairs_it_is_scipys_approximation() -> None:
    values = np.random.default_rng(6).integers(-20, 25, 150).astype(float)
    for alternative in SIDES:
        found = stats.wilcoxon(values, zero_method="pratt", alternative=alternative, method="asymptotic")
        assert signed_rank(values.tolist(), alternative) == pytest.approx(found.pvalue)


def test_among_very_many_pairs_an_infinite_difference_is_the_largest() -> None:
    values = np.random.default_rng(7).normal(0.1, 1, 150)
    values[:3] = math.inf, -math.inf, math.inf
    stand_in = np.where(np.isfinite(values), values, np.sign(values) * 99)
    found = stats.wilcoxon(stand_in, method="asymptotic").pvalue
    assert signed_rank(values.tolist()) == pytest.approx(found)


@few
@given(differences)
def test_flipping_all_signs_swaps_the_alternatives(values: list[float]) -> None:
    turned = [-value for value in values]
    assert signed_rank(values, "greater") == pytest.approx(signed_rank(turned, "less"))
    assert signed_rank(values) == pytest.approx(signed_rank(turned))
    assert signed_rank(values[::-1]) == signed_rank(values)


def test_eight_pairs_that_all_missed_on_one_side_are_one_in_128() -> None:
    assert signed_rank([math.inf] * 8) == 1 / 128 == least_signed_rank_p_value(8)


def test_pairs_without_a_difference_show_nothing_and_weaken_the_others() -> None:
    assert signed_rank([0.0] * 12) == 1
    assert signed_rank([]) == 1
    # 1 lost against 2, 3, 4, 5 is rank 1 of 15; after five zeros it is rank 6 of 40.
    assert signed_rank([-1.0, 2, 3, 4, 5]) == 4 / 32
    assert signed_rank([0.0] * 5 + [-1.0, 2, 3, 4, 5]) == 4 / 32
    assert signed_rank([0.0] * 5 + [-1.0, -2, 4, 5, 6, 7]) > signed_rank([-1.0, -2, 4, 5, 6, 7])


@pytest.mark.parametrize("pairs", [1, 2, 7, 8, 20])
def test_the_smallest_signed_rank_p_value_is_that_of_pairs_that_all_agree(pairs: int) -> None:
    assert signed_rank(list(range(1, pairs + 1))) == pytest.approx(least_signed_rank_p_value(pairs))
