from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from dawnbench.engine.rates import reset_optimizer
from dawnbench.optim.adam import adam
from dawnbench.optim.combined import CombinedOptimizer
from dawnbench.optim.muon import Muon


class Net(nn.Module):
    """A filter bank and a head, each for an optimizer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, bias=False)
        self.head = nn.Linear(3, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.conv(images).mean((2, 3)))


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


def optimizers(net: Net) -> tuple[Muon, SGD]:
    muon = Muon([net.conv.weight], momentum=0.6, steps=3, rate_scale=1.0)
    sgd = SGD([{"params": list(net.head.parameters()), "rate_scale": 0.5}], lr=0.0, momentum=0.9)
    return muon, sgd


def slopes(net: Net, seed: int) -> None:
    images = torch.randn(4, 2, 5, 5, generator=torch.Generator().manual_seed(seed))
    net(images).square().sum().backward()


def set_rates(optimizer: CombinedOptimizer | Muon | SGD) -> None:
    for group in optimizer.param_groups:
        group["lr"] = 0.1 * group["rate_scale"]


def test_groups_are_those_of_each_optimizer_in_turn(net: Net) -> None:
    muon, sgd = optimizers(net)
    combined = CombinedOptimizer(muon, sgd)
    assert [group["rate_scale"] for group in combined.param_groups] == [1.0, 0.5]
    set_rates(combined)
    assert (muon.param_groups[0]["lr"], sgd.param_groups[0]["lr"]) == (0.1, 0.05)


def test_a_step_is_what_the_optimizers_would_do_one_by_one(net: Net) -> None:
    alone = deepcopy(net)
    combined, each = CombinedOptimizer(*optimizers(net)), optimizers(alone)
    for optimizer in (combined, *each):
        set_rates(optimizer)
    for seed in range(3):
        slopes(net, seed)
        combined.step()
        combined.zero_grad()
        slopes(alone, seed)
        for optimizer in each:
            optimizer.step()
            optimizer.zero_grad()
    for found, expected in zip(net.parameters(), alone.parameters(), strict=True):
        assert torch.equal(found, expected)


def test_gradients_of_all_parameters_are_forgotten(net: Net) -> None:
    combined = CombinedOptimizer(*optimizers(net))
    slopes(net, 0)
    assert all(p.grad is not None for p in net.parameters())
    combined.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_the_state_is_that_of_each_optimizer_by_parameter(net: Net) -> None:
    combined = CombinedOptimizer(*optimizers(net))
    assert set(combined.state) == set(net.parameters())
    assert not any(combined.state.values())
    slopes(net, 0)
    combined.step()
    for parameter in net.parameters():
        assert torch.equal(combined.state[parameter]["momentum_buffer"], parameter.grad)


def test_asking_for_the_state_before_the_first_step_does_not_change_that_step(net: Net) -> None:
    asked = deepcopy(net)
    for model in (net, asked):
        made = [*optimizers(model)]
        made[1] = adam(
            model.head, batch_size=4, fused=False, beta1=0.9, beta2=0.99, weight_decay=0.1, epsilon=1e-8
        )
        combined = CombinedOptimizer(*made)
        set_rates(combined)
        if model is asked:
            assert combined.state
        slopes(model, 0)
        combined.step()
    for found, expected in zip(asked.parameters(), net.parameters(), strict=True):
        assert torch.equal(found, expected)


def test_once_reset_it_steps_as_one_that_was_just_made(net: Net) -> None:
    first = deepcopy(net.state_dict())
    combined = CombinedOptimizer(*optimizers(net))
    set_rates(combined)

    def train() -> list[Tensor]:
        net.load_state_dict(first)
        for seed in range(3):
            combined.zero_grad()
            slopes(net, seed)
            combined.step()
        return [p.detach().clone() for p in net.parameters()]

    expected = train()
    places = [state["momentum_buffer"].data_ptr() for state in combined.state.values()]
    reset_optimizer(combined)
    for found, wanted in zip(train(), expected, strict=True):
        assert torch.equal(found, wanted)
    assert [state["momentum_buffer"].data_ptr() for state in combined.state.values()] == places
