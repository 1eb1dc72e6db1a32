from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.stats.comparison.inversion import paired_ratio_interval, ratio_interval

pytestmark = pytest.mark.filterwarnings("error")

few = settings(max_examples=25, deadline=None)
seconds = st.lists(st.integers(600, 700).map(lambda n: n / 32), min_size=5, max_size=9, unique=True)
RNG = np.random.default_rng(0)
A, B = RNG.normal(20, 0.2, 12), RNG.normal(19, 0.2, 12)


def test_the_unpaired_bounds_are_the_ordered_ratios_of_the_textbook() -> None:
    # Of 144 ratios the 28th from either end: P(U <= 27) is 0.00404 and P(U <= 28) 0.00501 for 12 against 12.
    ratios = np.sort(np.divide.outer(B, A).ravel())
    found = ratio_interval(B, A)
    assert (found.low, found.high) == pytest.approx((ratios[27], ratios[-28]))


def test_the_paired_bounds_are_the_ordered_walsh_averages_of_the_textbook() -> None:
    # Of 78 averages the 8th from either end: P(T+ <= 7) is 0.0046 and P(T+ <= 8) 0.0061 for 12 pairs.
    logs = np.log(B / A)
    averages = np.sort([(logs[i] + logs[j]) / 2 for i in range(12) for j in range(i, 12)])
    found = paired_ratio_interval(B / A)
    assert (found.low, found.high) == pytest.approx((math.exp(averages[7]), math.exp(averages[-8])))


@few
@given(seconds, seconds, st.sampled_from((0.5, 4.0)))
def test_scaling_one_side_scales_the_interval(a: list[float], b: list[float], scale: float) -> None:
    found, scaled = ratio_interval(b, a), ratio_interval([scale * one for one in b], a)
    assert (scaled.low, scaled.high) == pytest.approx((scale * found.low, scale * found.high), rel=1e-6)


@few
@given(seconds, seconds)
def test_swapping_the_sides_inverts_the_interval(a: list[float], b: list[float]) -> None:
    found, swapped = ratio_interval(b, a), ratio_interval(a, b)
    assert (swapped.low, swapped.high) == pytest.approx((1 / found.high, 1 / found.low), rel=1e-6)


def test_fewer_than_the_test_needs_leave_it_open_on_both_sides() -> None:
    assert ratio_interval([1.0, 2.0], [1.0, 2.0]).low == 0
    assert ratio_interval([1.0, 2.0], [1.0, 2.0]).high == math.inf
    assert paired_ratio_interval([0.5] * 7).high == math.inf


def test_ratios_beyond_what_a_float_can_divide_by_are_bounded() -> None:
    found = ratio_interval([5e-324, 1e12, 1.0, 2.0, 3.0], [1e12, 2.0, 3.0, 4.0, 5e-324])
    assert (found.low, found.high) == (0, math.inf)


def test_equal_values_have_a_ratio_without_width() -> None:
    found = ratio_interval([19.0] * 6, [20.0] * 6)
    assert (found.low, found.high) == pytest.approx((0.95, 0.95))
    assert 1 in ratio_interval([20.0] * 6, [20.0] * 6)


def test_misses_open_the_interval_on_their_side() -> None:
    misses = [math.inf] * 6
    assert ratio_interval([*B[:6], *misses], A).high == math.inf
    assert ratio_interval(misses, A).low == math.inf
    assert ratio_interval(B, misses).high == 0
    assert paired_ratio_interval([0.9] * 8 + [math.inf] * 8).high == math.inf
    assert paired_ratio_interval([0.0] * 9).high == 0
