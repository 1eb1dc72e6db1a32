"""A schedule as a run's record keeps it."""

from __future__ import annotations

import math

import pytest

from dawnbench.campaigns.learning_rates import MAX_RATES, learning_rates
from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import PiecewiseLinear, Schedule, Stretched


class Counted(Schedule):
    """Rises by straight lines, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, epoch: float) -> float:
        self.asked += 1
        return min(epoch, 10.0)


def test_straight_lines_are_kept_by_their_corners() -> None:
    schedule = Stretched(PiecewiseLinear((0, 5, 10), (0, 0.4, 0)), 10)
    assert [step for step, _ in learning_rates(schedule, 10, 20)] == [0, 100, 199]


def test_ten_million_epochs_are_told_from_as_many_rates_as_a_plot_needs() -> None:
    schedule = Counted()
    found = learning_rates(schedule, 10_000_000, 100)
    assert schedule.asked <= MAX_RATES
    assert (found[0], found[-1]) == ((0, 0.0), (999_999_999, 10.0))


@pytest.mark.parametrize("rate", [math.nan, math.inf, -math.inf])
def test_a_rate_that_is_not_finite_is_refused_with_its_step(rate: float) -> None:
    class Broken(Schedule):
        def __call__(self, epoch: float) -> float:
            return rate if epoch >= 1 else 0.1

    with pytest.raises(DawnbenchError, match=r"rate of (nan|-?inf) at step 20 \(epoch 1\); .* finite"):
        learning_rates(Broken(), 2, 20)


def test_rates_that_depend_on_the_training_are_not_told() -> None:
    class Unknown(Counted):
        is_precomputable = False

    assert learning_rates(Unknown(), 2, 20) == ()
