from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.stats.bootstrap import RESAMPLES, SEED, Interval, bootstrap_interval
from dawnbench.stats.trial_values import expected_time

pytestmark = pytest.mark.filterwarnings("error")

# Hundredths; scaling them by a power of two does not round.
figures = st.lists(st.integers(1, 10_000).map(lambda hundredths: hundredths / 128), min_size=2, max_size=12)
few = settings(max_examples=25, deadline=None)


def ratio_of_means(a: Any, b: Any, axis: int = -1) -> Any:
    return a.mean(axis=axis) / b.mean(axis=axis)


def ratio_of_expected(a: Any, b: Any, axis: int = -1) -> Any:
    return expected_time(a, axis=axis) / expected_time(b, axis=axis)


def found(*samples: Any, statistic: Any = np.mean) -> Interval:
    interval = bootstrap_interval(samples, statistic)
    assert interval is not None
    return interval


def scipys(*samples: Any, statistic: Any = np.mean) -> tuple[float, float]:
    low, high = stats.bootstrap(
        [np.sort(sample) for sample in samples],
        statistic,
        n_resamples=RESAMPLES,
        method="BCa",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return low, high


def trials(reached: int, missed: int, seconds: float = 10.0) -> np.ndarray:
    """What trials spent (misses three times as long) and whether they reached the target."""
    return np.array([(seconds + i / 10, 1.0) for i in range(reached)] + [(3 * seconds, 0.0)] * missed)


@pytest.mark.parametrize("seed", range(4))
def test_the_interval_of_one_sample_is_scipys(seed: int) -> None:
    sample = np.random.default_rng(seed).lognormal(size=8 + seed)
    for statistic in (np.mean, np.median):
        interval = found(sample, statistic=statistic)
        assert (interval.low, interval.high) == pytest.approx(scipys(sample, statistic=statistic))


def test_the_interval_of_a_ratio_is_scipys() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(10, 1, 9), rng.normal(11, 2, 7)
    interval = found(a, b, statistic=ratio_of_means)
    assert (interval.low, interval.high) == pytest.approx(scipys(a, b, statistic=ratio_of_means))


def test_more_than_nine_in_ten_intervals_of_twenty_values_contain_the_truth() -> None:
    rng = np.random.default_rng(2)
    held = sum(5.0 in found(rng.normal(5, 1, 20)) for _ in range(200))
    assert 180 <= held <= 198


@few
@given(figures, st.sampled_from((2.0, 0.25, 1024.0)))
def test_scaling_the_values_scales_the_interval(sample: list[float], scale: float) -> None:
    interval, scaled = found(sample), found([scale * figure for figure in sample])
    assert (scaled.low, scaled.high) == (scale * interval.low, scale * interval.high)


@few
@given(st.data(), figures, figures)
def test_the_order_of_the_values_does_not_matter(data: st.DataObject, a: list[float], b: list[float]) -> None:
    mixed = [data.draw(st.permutations(sample)) for sample in (a, b)]
    assert found(a, b, statistic=ratio_of_means) == found(*mixed, statistic=ratio_of_means)


@few
@given(figures)
def test_the_interval_contains_the_estimate_and_is_within_the_trials_range(sample: list[float]) -> None:
    for statistic in (np.mean, np.median):
        interval = found(sample, statistic=statistic)
        assert float(statistic(np.sort(sample))) in interval
        assert min(sample) * (1 - 1e-12) <= interval.low <= interval.high <= max(sample) * (1 + 1e-12)


@pytest.mark.parametrize("samples", [([],), ([1.0],), ([1.0, 2.0], [1.0]), ([], [1.0, 2.0])])
def test_one_value_has_no_interval(samples: tuple[list[float], ...]) -> None:
    assert bootstrap_interval(samples, lambda *drawn, axis: np.mean(drawn[0], axis=axis)) is None


def test_values_without_spread_have_an_interval_of_zero_width() -> None:
    assert found([0.1] * 5) == Interval(0.1, 0.1)


def test_the_values_of_one_trial_are_drawn_together() -> None:
    sample = np.array([(n, 2.0 * n) for n in (1, 5, 3, 9)])
    interval = found(sample, statistic=lambda drawn, axis=-1: drawn[1].sum(axis) / drawn[0].sum(axis))
    assert (interval.low, interval.high) == (2, 2)


def test_the_callers_random_state_is_left_alone() -> None:
    np.random.seed(5)
    before = np.random.random()
    np.random.seed(5)
    found([1.0, 2.0, 4.0])
    assert np.random.random() == before


# --- some draws have no success, so that their value is infinite or undefined ---


def test_a_rare_success_leaves_the_expected_time_open_above() -> None:
    interval = found(trials(2, 8), statistic=expected_time)
    assert interval.high == math.inf
    assert 10 < interval.low < float(expected_time(trials(2, 8).T))


def test_a_likely_success_has_bounds_on_both_sides() -> None:
    interval = found(trials(8, 2), statistic=expected_time)
    assert 10 < interval.low < float(expected_time(trials(8, 2).T)) < interval.high < math.inf


def test_without_success_the_expected_time_is_infinite() -> None:
    assert found(trials(0, 4), statistic=expected_time) == Interval(math.inf, math.inf)


@few
@given(st.integers(1, 4), st.integers(0, 6), st.integers(1, 4), st.integers(0, 6))
def test_a_ratio_of_expected_times_always_has_an_interval_around_it(a: int, b: int, c: int, d: int) -> None:
    ours, theirs = trials(a, b), trials(c, d, 11.0)
    if min(len(ours), len(theirs)) < 2:
        return
    interval = found(ours, theirs, statistic=ratio_of_expected)
    assert float(ratio_of_expected(ours.T, theirs.T)) in interval


def mean_within(least: float, most: float) -> Any:
    """The mean if it lies between the two, NaN otherwise."""

    def mean(drawn: Any, axis: int = -1) -> Any:
        found = np.mean(drawn, axis=axis)
        return np.where((found < least) | (found > most), np.nan, found)

    return mean


def test_nan_draws_widen_the_interval_on_both_sides() -> None:
    sample = list(range(1, 12))
    for statistic in (mean_within(4.5, 99), mean_within(-99, 7.5)):
        assert found(sample, statistic=statistic) == Interval(-math.inf, math.inf)
    interval = found(sample, statistic=mean_within(2.0, 10.0))  # which hardly a draw leaves
    assert 3 < interval.low < 5 < 7 < interval.high < 9


def test_an_estimate_outside_all_draws_is_still_in_its_interval() -> None:
    def repeated(drawn: Any, axis: int = -1) -> Any:
        return np.sum(np.diff(np.sort(drawn, axis=axis), axis=axis) == 0, axis=axis)

    interval = found(list(range(12)), statistic=repeated)
    assert interval.low == 0
    assert interval.high > 4


def test_a_ratio_that_is_often_undefined_has_a_wide_interval() -> None:
    interval = found(trials(2, 5), trials(2, 5, 9.0), statistic=ratio_of_expected)
    assert interval.low < 0.5
    assert interval.high == math.inf
