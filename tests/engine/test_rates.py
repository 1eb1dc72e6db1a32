from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from dawnbench.engine.device import Device
from dawnbench.engine.rates import (
    DeviceRates,
    Rates,
    freeze_ended,
    make_rates,
    rates_of_step,
    reset_optimizer,
    trained_groups,
)
from dawnbench.optim.adam import adam
from dawnbench.optim.schedules import PiecewiseLinear, Schedule
from tests.engine.fakes import CapturingDevice, FakeDevice

STEPS = 4
RATE = PiecewiseLinear((0,), (0.3,))


def parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3))]


def sgd(until: float | None = 2.0) -> SGD:
    first, second = parameters()
    groups: list[dict[str, Any]] = [
        {"params": [first], "rate_scale": 0.5},
        {"params": [second], "rate_scale": 2.0},
    ]
    if until is not None:
        groups[0]["until_epoch"] = until
    return SGD(groups, lr=0.0, momentum=0.9)


def at(optimizer: Any, schedule: Schedule, device: Device, first: int, step: int) -> list[float]:
    """Return the groups' rates at a step of the epoch whose first step is number `first`."""
    rates = make_rates(optimizer, schedule, STEPS, device)
    rates.begin_epoch(schedule, first, STEPS)
    rates.before_step(step)
    rates.load(torch.tensor(step))
    return [float(group["lr"]) for group in optimizer.param_groups]


both = pytest.mark.parametrize("device", [FakeDevice(), CapturingDevice()], ids=["host", "device"])


def test_only_a_device_that_captures_keeps_the_rates_in_tensors() -> None:
    assert type(make_rates(sgd(), RATE, STEPS, FakeDevice())) is Rates
    assert type(make_rates(sgd(), RATE, STEPS, CapturingDevice())) is DeviceRates


@both
def test_each_group_gets_its_share_of_the_schedules_rate(device: Device) -> None:
    assert at(sgd(until=None), RATE, device, 28, 0) == pytest.approx([0.15, 0.6])


@both
@pytest.mark.parametrize(
    ("first", "step", "left"), [(0, 0, 1), (0, 2, 0.75), (4, 2, 0.25), (8, 0, 0), (36, 3, 0)]
)
def test_a_group_with_an_end_learns_less_and_less_until_it(
    device: Device, first: int, step: int, left: float
) -> None:
    optimizer = sgd()
    assert at(optimizer, RATE, device, first, step) == pytest.approx([0.15 * left, 0.6])
    freeze_ended(optimizer, (first + step) / STEPS)
    assert trained_groups(optimizer) == (left > 0, True)


@both
def test_each_step_of_an_epoch_has_the_rate_of_its_time(device: Device) -> None:
    rising = PiecewiseLinear((0, 10), (0, 1))
    found = [at(sgd(until=None), rising, device, 8, step)[1] for step in range(STEPS)]
    assert found == pytest.approx([2 * (2 + step / STEPS) / 10 for step in range(STEPS)])


@both
def test_a_rate_by_plateau_is_that_of_the_epochs_begin(device: Device) -> None:
    optimizer, rate = sgd(until=None), {"now": 0.1}

    class Learnt(Schedule):
        def __call__(self, epoch: float) -> float:
            return rate["now"]

    rates = make_rates(optimizer, Learnt(), STEPS, device)
    for now in (0.1, 0.01):
        rate["now"] = now
        rates.begin_epoch(Learnt(), 0, STEPS)
        rates.before_step(1)
        rates.load(torch.tensor(1))
        assert [float(group["lr"]) for group in optimizer.param_groups] == pytest.approx([now / 2, now * 2])


def test_an_end_at_once_is_never_trained() -> None:
    optimizer = sgd(until=0.0)
    assert rates_of_step(optimizer, RATE, 0.0)[0] == pytest.approx([0, 0.6])
    freeze_ended(optimizer, 0.0)
    assert trained_groups(optimizer) == (False, True)


def test_a_new_trial_trains_it_again() -> None:
    optimizer = sgd()
    for epoch, trained in ((5.0, False), (0.0, True)):
        freeze_ended(optimizer, epoch)
        assert trained_groups(optimizer) == (trained, True)


def test_rates_on_the_device_stay_in_the_same_tensors() -> None:
    """What a captured step reads is where it was when it was captured."""
    optimizer, device = sgd(until=None), CapturingDevice()
    rates = make_rates(optimizer, RATE, STEPS, device)
    places = [group["lr"] for group in optimizer.param_groups]
    rates.begin_epoch(RATE, 0, STEPS)
    rates.load(torch.tensor(0))
    assert all(group["lr"] is place for group, place in zip(optimizer.param_groups, places, strict=True))
    assert [place.item() for place in places] == pytest.approx([0.15, 0.6])


def test_a_position_past_the_end_of_the_epoch_has_the_last_rate() -> None:
    """A warm-up counts on."""
    rising, optimizer = PiecewiseLinear((0, 1), (0, 1)), sgd(until=None)
    rates = make_rates(optimizer, rising, STEPS, CapturingDevice())
    rates.begin_epoch(rising, 0, STEPS)
    rates.load(torch.tensor(STEPS + 7))
    assert float(optimizer.param_groups[1]["lr"]) == pytest.approx(2 * (STEPS - 1) / STEPS)


def cycled(until: float = 4) -> PiecewiseLinear:
    return PiecewiseLinear((0, until), (0.1, 0.3), momenta=(0.95, 0.85))


def make_adam() -> Any:
    model = nn.Linear(2, 2)
    return adam(model, batch_size=4, fused=False, beta1=0.9, beta2=0.99, weight_decay=0.0, epsilon=1e-8)


@both
def test_a_momentum_becomes_the_first_beta(device: Device) -> None:
    optimizer = make_adam()
    at(optimizer, cycled(), device, 8, 0)
    first, second = optimizer.param_groups[0]["betas"]
    assert float(first) == pytest.approx(0.9)
    assert second == 0.99


@both
def test_no_momentum_leaves_the_optimizers_own(device: Device) -> None:
    optimizer = make_adam()
    at(optimizer, RATE, device, 8, 0)
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.99)


def test_a_cycled_optimizer_steps_alike_with_rates_on_the_host_and_on_the_device() -> None:
    weights = []
    for device in (FakeDevice(), CapturingDevice()):
        torch.manual_seed(0)
        model = nn.Linear(2, 2)
        optimizer = adam(
            model, batch_size=4, fused=False, beta1=0.9, beta2=0.99, weight_decay=0.1, epsilon=1e-8
        )
        rates = make_rates(optimizer, cycled(), STEPS, device)
        rates.begin_epoch(cycled(), 4, STEPS)
        for step in range(STEPS):
            rates.before_step(step)
            rates.load(torch.tensor(step))
            optimizer.zero_grad()
            model(torch.ones(4, 2)).square().sum().backward()
            optimizer.step()
        weights.append(model.weight.detach())
    torch.testing.assert_close(weights[0], weights[1])


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_reset_an_optimizer_steps_as_a_fresh_one_in_the_same_tensors(kind: type) -> None:
    settings = {"momentum": 0.9, "nesterov": True} if kind is SGD else {}

    def trained(weights: nn.Parameter, optimizer: torch.optim.Optimizer) -> torch.Tensor:
        with torch.no_grad():
            weights.fill_(1)
        for _ in range(3):
            optimizer.zero_grad()
            weights.square().sum().backward()
            optimizer.step()
        return weights.detach().clone()

    weights = nn.Parameter(torch.ones(4))
    optimizer = kind([weights], lr=0.1, **settings)
    fresh = trained(weights, optimizer)
    continued = trained(weights, optimizer)
    assert not torch.equal(fresh, continued)
    places = {name: value for name, value in optimizer.state[weights].items() if torch.is_tensor(value)}
    reset_optimizer(optimizer)
    assert torch.equal(trained(weights, optimizer), fresh)
    assert all(optimizer.state[weights][name] is place for name, place in places.items())


def test_an_optimizer_that_has_not_stepped_can_be_reset() -> None:
    optimizer = sgd()
    reset_optimizer(optimizer)
    assert not optimizer.state
