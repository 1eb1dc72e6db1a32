from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.optim.averaging import ExponentialAverage

AVERAGED = ("0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var")


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def move(net: nn.Module, step: int) -> None:
    """Give the trained model other weights and statistics, as a training step would."""
    with torch.no_grad():
        for index, name in enumerate(AVERAGED):
            net.state_dict()[name].fill_(step * 10 + index)


@pytest.mark.parametrize("every", [1, 3])
def test_weights_and_statistics_follow_the_recurrence(every: int) -> None:
    net = model()
    average = ExponentialAverage(net, momentum=0.8, every=every)
    expected = {name: net.state_dict()[name].clone() for name in AVERAGED}
    for step in range(1, 8):
        move(net, step)
        average.update(step)
        if step % every == 0:
            kept = 0.8**every
            expected = {
                name: kept * expected[name] + (1 - kept) * net.state_dict()[name] for name in AVERAGED
            }
        for name in AVERAGED:
            torch.testing.assert_close(
                average.model.state_dict()[name], expected[name], msg=f"{name}, {step}"
            )


def test_the_trained_model_is_not_touched() -> None:
    net = model()
    average = ExponentialAverage(net, momentum=0.5, every=1)
    move(net, 1)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    average.update(1)
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


def test_the_average_starts_from_the_models_own_weights() -> None:
    net = model()
    average = ExponentialAverage(net, momentum=0.5, every=5)
    first = net[0].weight.detach().clone()
    move(net, 1)
    average.update(1)
    assert torch.equal(average.model[0].weight, first)
