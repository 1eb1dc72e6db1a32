from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.optim.schedules import PiecewiseLinear

RATES = st.floats(-10, 10)


@st.composite
def schedules(draw: st.DrawFn) -> PiecewiseLinear:
    epochs = draw(st.lists(st.integers(-1000, 1000), min_size=1, max_size=6, unique=True).map(sorted))
    rates = draw(st.lists(RATES, min_size=len(epochs), max_size=len(epochs)))
    return PiecewiseLinear([epoch / 8 for epoch in epochs], rates)


@given(schedules(), st.floats(-200, 200))
def test_a_rate_lies_between_those_of_the_neighbouring_knots(schedule: PiecewiseLinear, epoch: float) -> None:
    right = bisect_right(schedule.epochs, epoch)
    neighbours = schedule.rates[max(0, right - 1) : right + 1]
    assert min(neighbours) - 1e-12 <= schedule(epoch) <= max(neighbours) + 1e-12


@given(schedules())
def test_each_knot_has_its_own_rate(schedule: PiecewiseLinear) -> None:
    assert tuple(schedule(epoch) for epoch in schedule.epochs) == schedule.rates


@given(schedules(), st.floats(0, 1e6))
def test_it_is_level_outside_the_knots(schedule: PiecewiseLinear, beyond: float) -> None:
    assert schedule(schedule.epochs[0] - beyond) == schedule.rates[0]
    assert schedule(schedule.epochs[-1] + beyond) == schedule.rates[-1]


@given(schedules(), st.integers(0, 4), st.floats(0, 1))
def test_lines_are_straight(schedule: PiecewiseLinear, segment: int, fraction: float) -> None:
    if segment + 1 >= len(schedule.epochs):
        return
    (left, right), (low, high) = schedule.epochs[segment : segment + 2], schedule.rates[segment : segment + 2]
    assert schedule(left + fraction * (right - left)) == pytest.approx(
        low + fraction * (high - low), abs=1e-9
    )


def test_its_length_is_the_last_knot() -> None:
    assert PiecewiseLinear((0, 5, 24), (0, 0.4, 0)).length == 24
