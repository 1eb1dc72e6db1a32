from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from dawnbench.stats.power_law import fit_amdahl, fit_power_law

sizes = st.lists(st.floats(0.1, 1e4), min_size=2, max_size=8, unique=True).filter(
    lambda x: max(x) > 1.01 * min(x)
)
positive = st.floats(1e-3, 1e3)


@given(sizes, positive, st.floats(-3, 3))
def test_a_law_without_noise_is_recovered(x: list[float], factor: float, exponent: float) -> None:
    law = fit_power_law(x, [factor * size**exponent for size in x])
    assert law is not None
    assert law.exponent == pytest.approx(exponent, abs=1e-6)
    assert law.at(x[0]) == pytest.approx(factor * x[0] ** exponent, rel=1e-6)
    assert law.r_squared == pytest.approx(1, abs=1e-6) or abs(exponent) < 1e-6


@given(sizes, st.data())
def test_it_agrees_with_scipys_regression(x: list[float], data: st.DataObject) -> None:
    y = data.draw(st.lists(positive, min_size=len(x), max_size=len(x)))
    law = fit_power_law(x, y)
    assert law is not None
    scipys = linregress(np.log(x), np.log(y))
    assert law.exponent == pytest.approx(scipys.slope, rel=1e-6, abs=1e-6)
    if np.std(np.log(y)) > 1e-6:
        assert law.r_squared == pytest.approx(scipys.rvalue**2, rel=1e-6, abs=1e-6)


def test_the_interval_holds_the_true_exponent_19_times_in_20() -> None:
    draws = np.random.default_rng(7)
    x = np.array([1.0, 2.0, 4.0, 8.0])
    held = 0
    for _ in range(2000):
        law = fit_power_law(list(x), list(3 * x**0.9 * np.exp(0.05 * draws.standard_normal(4))))
        assert law is not None
        assert law.low is not None
        assert law.high is not None
        held += law.low <= 0.9 <= law.high
    assert 0.93 < held / 2000 < 0.97


def test_two_points_make_a_law_without_an_interval() -> None:
    law = fit_power_law([1, 2], [3, 6])
    assert law is not None
    assert (law.low, law.high) == (None, None)
    assert law.exponent == pytest.approx(1)


@pytest.mark.parametrize("x", [[], [2.0], [2.0, 2.0]])
def test_a_single_x_gives_no_law(x: list[float]) -> None:
    assert fit_power_law(x, [1.0] * len(x)) is None
    assert fit_amdahl(x, [1.0] * len(x)) is None


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_values_without_a_logarithm_are_refused(wrong: float) -> None:
    for fit in (fit_power_law, fit_amdahl):
        with pytest.raises(ValueError, match="above 0"):
            fit([1, wrong], [1, 2])
        with pytest.raises(ValueError, match="above 0"):
            fit([1, 2], [1, wrong])


def test_x_and_y_must_have_the_same_length() -> None:
    for fit in (fit_power_law, fit_amdahl):
        with pytest.raises(ValueError, match=r"2 .* and 3 .* do not pair up"):
            fit([1, 2], [1, 2, 3])


threads = st.lists(st.integers(1, 128), min_size=2, max_size=6, unique=True)


@given(threads, st.floats(0.01, 100), st.floats(0, 1))
def test_amdahls_share_is_recovered(counts: list[int], alone: float, serial: float) -> None:
    law = fit_amdahl(counts, [alone * (serial + (1 - serial) / n) for n in counts])
    assert law is not None
    for n in counts:
        assert law.at(n) == pytest.approx(alone * (serial + (1 - serial) / n), rel=1e-6)
    assert law.serial == pytest.approx(serial, abs=1e-4)


@given(threads, st.data())
def test_the_share_is_one_whatever_the_times(counts: list[int], data: st.DataObject) -> None:
    times = data.draw(st.lists(positive, min_size=len(counts), max_size=len(counts)))
    law = fit_amdahl(counts, times)
    assert law is not None
    assert 0 <= law.serial <= 1
    assert law.alone > 0


def test_more_than_twice_as_fast_with_two_threads_means_nothing_is_serial() -> None:
    law = fit_amdahl([1, 2], [10, 4])
    assert law is not None
    assert law.serial == 0


def test_slower_with_more_threads_means_everything_is_serial() -> None:
    law = fit_amdahl([1, 2], [4, 10])
    assert law is not None
    assert law.serial == 1
    assert law.at(1) == law.at(2) == pytest.approx(7)
