from __future__ import annotations

import json
from bisect import bisect_right

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import Milestones, PiecewiseLinear, Plateau, Schedule, Steps, Stretched

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


def test_the_momentum_has_knots_of_its_own_or_is_left_alone() -> None:
    cycled = PiecewiseLinear((0, 5, 25), (0, 1, 0), (0.95, 0.85, 0.95))
    assert [cycled.momentum(epoch) for epoch in (0, 5, 15, 25)] == pytest.approx([0.95, 0.85, 0.9, 0.95])
    assert PiecewiseLinear((0, 5), (0, 1)).momentum(2) is None


def sgd(rate: float) -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


@given(st.floats(1e-4, 1), st.integers(1, 8), st.floats(0.1, 0.9))
def test_steps_fall_as_torchs_do(rate: float, every: int, factor: float) -> None:
    optimizer = sgd(rate)
    torchs = StepLR(optimizer, every, factor)
    ours = Steps(rate, every, factor)
    for epoch in range(20):
        assert ours(epoch) == ours(epoch + 0.99) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        torchs.step()


@given(st.lists(st.floats(0.01, 2), min_size=1, max_size=30), st.integers(0, 3))
def test_a_plateau_is_found_where_torch_finds_it(losses: list[float], patience: int) -> None:
    optimizer = sgd(0.1)
    torchs = ReduceLROnPlateau(optimizer, factor=0.5, patience=patience, eps=0)
    ours = Plateau(0.1, factor=0.5, patience=patience)
    for epoch, loss in enumerate(losses):
        assert ours(epoch) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        ours.observe_validation_loss(loss)
        torchs.step(loss)


def test_a_loss_that_no_longer_falls_lowers_the_rate() -> None:
    schedule = Plateau(0.1, factor=0.1, patience=1)
    rates = []
    for loss in (1.0, 0.5, 0.5, 0.6, 0.4):
        rates.append(schedule(0))
        schedule.observe_validation_loss(loss)
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.01])


class Constant(Schedule):
    def __call__(self, epoch: float) -> float:
        return 0.5


def test_a_schedule_has_no_length_or_momentum_and_learns_nothing_unless_it_says_so() -> None:
    schedule = Constant()
    schedule.observe_validation_loss(1.0)
    assert (schedule.length, schedule.momentum(1.0), schedule.is_precomputable) == (None, None, True)
    with pytest.raises(NotImplementedError):
        Schedule()(0.0)


def test_a_schedule_with_a_length_is_stretched_to_the_epochs() -> None:
    lines = PiecewiseLinear((0, 1, 4), (0, 1, 0), (0.5, 0.9, 0.7))
    stretched = Stretched(lines, 8)
    assert stretched.length == 8
    for epoch in (0, 1, 2, 5, 8):
        assert stretched(epoch) == lines(epoch / 2)
        assert stretched.momentum(epoch) == lines.momentum(epoch / 2)
    assert stretched.is_precomputable


def test_a_schedule_without_a_length_stays_as_it_is() -> None:
    assert Stretched(Constant(), 3).length is None
    assert [Stretched(Steps(1.0, 2, 0.5), 3)(epoch) for epoch in range(5)] == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_losses_reach_a_schedule_that_learns_from_them() -> None:
    stretched = Stretched(Plateau(1.0, factor=0.1, patience=0), 5)
    assert not stretched.is_precomputable
    for _ in range(2):
        stretched.observe_validation_loss(1.0)
    assert stretched(2) == pytest.approx(0.1)


LOSSES = st.lists(st.floats(0.01, 2), max_size=12)


@given(LOSSES, LOSSES, st.integers(0, 3))
def test_a_plateau_goes_on_from_its_state_as_if_it_had_never_stopped(
    before: list[float], after: list[float], patience: int
) -> None:
    whole, resumed = (Stretched(Plateau(0.1, factor=0.5, patience=patience), 5) for _ in range(2))
    for loss in before:
        whole.observe_validation_loss(loss)
    # As it would come out of a file.
    resumed.load_state_dict(json.loads(json.dumps(whole.state_dict())))
    assert resumed.state_dict() == whole.state_dict()
    for loss in after:
        assert resumed(1.0) == whole(1.0)
        whole.observe_validation_loss(loss)
        resumed.observe_validation_loss(loss)
    assert resumed(1.0) == whole(1.0)


def test_the_state_of_a_plateau_holds_all_that_it_learned() -> None:
    plateau = Plateau(1.0, factor=0.5, patience=1)
    for loss in (0.5, 0.6, 0.7, 0.8):
        plateau.observe_validation_loss(loss)
    assert plateau.state_dict() == {"rate": 0.5, "lowest": 0.5, "waited": 1}


def test_a_schedule_that_learns_nothing_has_nothing_to_keep() -> None:
    stretched = Stretched(PiecewiseLinear((0, 4), (1, 0)), 8)
    stretched.observe_validation_loss(1.0)
    assert stretched.state_dict() == {}
    stretched.load_state_dict({})
    assert stretched(4) == 0.5


def test_what_is_no_schedule_is_refused() -> None:
    with pytest.raises(DawnbenchError, match=r"schedules\.Schedule, not a function"):
        Stretched(lambda epoch: 0.1, 5)  # type: ignore[arg-type]


def test_milestones_follow_a_warm_up_and_are_stretched_with_it() -> None:
    schedule = Milestones(0.5, 100, (40, 60, 80), factor=0.1, warm_up=5)
    rates = [schedule(epoch) for epoch in (0, 2.5, 5, 39.9, 40, 60, 80, 99.9)]
    assert rates == pytest.approx([0, 0.25, 0.5, 0.5, 0.05, 0.005, 0.0005, 0.0005])
    shorter = Stretched(schedule, 10)
    assert [shorter(epoch / 10) for epoch in (2.5, 39.9, 40, 99.9)] == pytest.approx(
        [0.25, 0.5, 0.05, 0.0005]
    )
    assert Milestones(0.5, 10, (), factor=0.1, warm_up=0)(0) == 0.5
