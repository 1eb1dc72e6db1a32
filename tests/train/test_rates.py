from __future__ import annotations

import pytest
import torch
from dawnbench.train.rates import begin_anew, set_rates, trained_parts
from torch import nn
from torch.optim import SGD, Adam


def parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3))]


def sgd(rate: float | torch.Tensor = 0.0, until: float | None = 2.0) -> SGD:
    first, second = parameters()
    groups = [{"params": [first], "rate_scale": 0.5, "lr": rate}, {"params": [second], "rate_scale": 2.0}]
    if until is not None:
        groups[0]["until_epoch"] = until
    return SGD(groups, lr=0.0, momentum=0.9)


def rates(optimizer: SGD) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def test_each_group_gets_its_share_of_the_schedules_rate() -> None:
    optimizer = sgd(until=None)
    set_rates(optimizer, 0.3, 7.0)
    assert rates(optimizer) == pytest.approx([0.15, 0.6])


@pytest.mark.parametrize(("epoch", "left"), [(0, 1), (0.5, 0.75), (1.5, 0.25), (2, 0), (9, 0)])
def test_a_group_with_an_end_learns_less_and_less_until_it(epoch: float, left: float) -> None:
    optimizer = sgd()
    set_rates(optimizer, 0.3, epoch)
    assert rates(optimizer) == pytest.approx([0.15 * left, 0.6])
    assert trained_parts(optimizer) == (left > 0, True)


def test_an_end_at_once_is_never_trained() -> None:
    optimizer = sgd(until=0.0)
    set_rates(optimizer, 0.3, 0.0)
    assert trained_parts(optimizer) == (False, True)


def test_a_new_trial_trains_it_again() -> None:
    optimizer = sgd()
    set_rates(optimizer, 0.3, 5.0)
    set_rates(optimizer, 0.3, 0.0)
    assert trained_parts(optimizer) == (True, True)


def test_a_rate_that_is_a_tensor_is_filled_in_place() -> None:
    rate = torch.tensor(0.0)
    optimizer = sgd(rate, until=None)
    set_rates(optimizer, 0.3, 0.0)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == pytest.approx(0.15)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_begun_anew_an_optimizer_steps_as_a_fresh_one(kind: type) -> None:
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
    begin_anew(optimizer)
    assert torch.equal(trained(weights, optimizer), fresh)


def test_a_momentum_becomes_the_first_beta_and_no_momentum_leaves_it() -> None:
    optimizer = Adam([{"params": parameters(), "rate_scale": 1.0}], betas=(0.9, 0.99))
    set_rates(optimizer, 0.3, 0.0, momentum=0.85)
    assert optimizer.param_groups[0]["betas"] == (0.85, 0.99)
    set_rates(optimizer, 0.3, 1.0)
    assert optimizer.param_groups[0]["betas"] == (0.85, 0.99)


def test_betas_that_are_tensors_are_filled_in_place() -> None:
    optimizer = sgd(until=None)
    first = torch.tensor(0.9)
    for group in optimizer.param_groups:
        group["betas"] = (first, torch.tensor(0.99))
    set_rates(optimizer, 0.3, 0.0, momentum=0.85)
    assert optimizer.param_groups[0]["betas"][0] is first
    assert first.item() == pytest.approx(0.85)
