from __future__ import annotations

import math
import statistics
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.stats.sample import Sample, describe

pytestmark = pytest.mark.filterwarnings("error")

figures = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=10)
few = settings(max_examples=30, deadline=None)


def described(values: list[float]) -> Sample:
    sample = describe(values)
    assert sample is not None
    return sample


@few
@given(figures)
def test_the_statistics_match_numpy_and_scipy(values: list[float]) -> None:
    sample = described(values)
    assert (sample.count, sample.least, sample.most) == (len(values), min(values), max(values))
    assert sample.mean == pytest.approx(np.mean(values))
    assert sample.median == pytest.approx(np.median(values))
    if len(values) > 1:
        assert sample.std == pytest.approx(np.std(values, ddof=1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of equal figures
            assert sample.relative_std == pytest.approx(stats.variation(values, ddof=1))


@few
@given(figures)
def test_the_mean_is_among_the_values_and_in_its_interval(values: list[float]) -> None:
    sample = described(values)
    assert sample.least <= sample.mean <= sample.most
    if sample.interval is not None:
        assert sample.mean in sample.interval
        assert sample.interval.low >= 0


@few
@given(st.data(), figures)
def test_the_order_does_not_matter(data: st.DataObject, values: list[float]) -> None:
    assert describe(data.draw(st.permutations(values))) == describe(values)


def test_a_single_value_has_no_spread() -> None:
    sample = described([2.5])
    assert (sample.mean, sample.median) == (2.5, 2.5)
    assert (sample.std, sample.interval, sample.relative_std) == (None, None, None)


def test_no_values_have_no_description() -> None:
    assert describe([]) is None


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_values_that_are_not_finite_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        describe([1.0, wrong])


def test_the_standard_deviation_is_that_of_a_sample() -> None:
    assert described([1, 2, 4]).std == pytest.approx(statistics.stdev([1, 2, 4]))


def test_a_mean_of_zero_has_no_relative_deviation() -> None:
    assert described([-1.0, 1.0]).relative_std is None
