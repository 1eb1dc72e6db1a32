from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.stats.intervals import Interval, expected_interval, mean_interval

pytestmark = pytest.mark.filterwarnings("error")

# Hundredths; scaling them by a power of two does not round.
figures = st.lists(st.integers(1, 10_000).map(lambda hundredths: hundredths / 128), min_size=2, max_size=12)
few = settings(max_examples=50, deadline=None)


def of_mean(values: list[float]) -> Interval:
    found = mean_interval(np.array(values))
    assert found is not None
    return found


def of_expected(reached: list[float], missed: list[float]) -> Interval:
    found = expected_interval(
        np.array(reached + missed), np.array([1.0] * len(reached) + [0.0] * len(missed))
    )
    assert found is not None
    return found


@few
@given(figures)
def test_the_interval_of_a_mean_is_scipys(values: list[float]) -> None:
    if len(set(values)) == 1:
        return
    found = of_mean(values)
    low, high = stats.ttest_1samp(values, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((max(0.0, low), high))


@few
@given(figures, st.sampled_from((2.0, 0.25, 1024.0)))
def test_scaling_the_values_scales_the_interval(values: list[float], scale: float) -> None:
    found, scaled = of_mean(values), of_mean([scale * one for one in values])
    assert (scaled.low, scaled.high) == (scale * found.low, scale * found.high)


@pytest.mark.parametrize("values", [[], [1.0]])
def test_one_value_has_no_interval(values: list[float]) -> None:
    assert mean_interval(np.array(values)) is None
    assert expected_interval(np.array(values), np.ones(len(values))) is None


def test_values_without_spread_have_an_interval_of_zero_width() -> None:
    assert of_mean([0.1] * 5) == Interval(0.1, 0.1)


def test_an_interval_stays_within_what_is_possible() -> None:
    assert of_mean([1.0, 9.0]).low == 0
    assert mean_interval(np.array([0.99, 1.0, 0.98]), highest=1.0) == Interval(pytest.approx(0.965159), 1.0)


# --- trials that missed the target ---


@few
@given(figures)
def test_without_a_miss_the_expected_time_is_a_mean(values: list[float]) -> None:
    assert of_expected(values, []) == of_mean(values)


@few
@given(figures, st.lists(st.integers(20, 90).map(float), min_size=1, max_size=6))
def test_the_interval_holds_what_a_t_test_does_not_reject(reached: list[float], missed: list[float]) -> None:
    found = of_expected(reached, missed)
    spent, success = np.array(reached + missed), np.array([1.0] * len(reached) + [0.0] * len(missed))
    assert spent.sum() / success.sum() in found
    for bound in (found.low, found.high):
        if 0 < bound < math.inf:
            assert stats.ttest_1samp(spent - bound * success, 0).pvalue == pytest.approx(0.05, rel=1e-3)


def test_a_rare_success_leaves_the_expected_time_open_above() -> None:
    found = of_expected([10.0, 10.1], [30.0] * 8)
    assert found.high == math.inf
    assert 30 < found.low < 130


def test_a_likely_success_has_bounds_on_both_sides() -> None:
    found = of_expected([10 + i / 10 for i in range(8)], [30.0] * 2)
    assert 5 < found.low < 17.8 < found.high < 50


def test_without_success_the_expected_time_is_infinite() -> None:
    assert of_expected([], [30.0] * 4) == Interval(math.inf, math.inf)
