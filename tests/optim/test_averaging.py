from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.optim.averaging import ExponentialAverage, Lookahead

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
        average.update(step, 100)
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
    average.update(1, 100)
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


def test_the_average_starts_from_the_models_own_weights() -> None:
    net = model()
    average = ExponentialAverage(net, momentum=0.5, every=5)
    first = net[0].weight.detach().clone()
    move(net, 1)
    average.update(1, 100)
    assert torch.equal(average.model[0].weight, first)


def test_lookahead_leaves_the_weights_alone_until_its_last_steps() -> None:
    net = model()
    lookahead = Lookahead(net, last_steps=2, every=1, momentum=0.5)
    assert lookahead.model is net
    for step in range(1, 9):
        move(net, step)
        lookahead.update(step, 10)
        assert net.state_dict()["0.weight"].eq(step * 10).all()


def test_lookahead_draws_the_weights_back_to_their_average_every_few_steps() -> None:
    net = model()
    lookahead = Lookahead(net, last_steps=4, every=2, momentum=0.75)
    seen = []
    for step in range(5, 11):
        move(net, step)
        lookahead.update(step, 10)
        seen.append(net.state_dict()["0.weight"][0, 0].item())
    # Noted at 6 (60); at 8 a quarter from 60 to 80, at 10 a quarter from 65 to 100.
    assert seen == [50, 60, 70, 65, 90, 73.75]


def test_lookahead_averages_the_running_statistics_too() -> None:
    net = model()
    lookahead = Lookahead(net, last_steps=2, every=2, momentum=0.5)
    for step in (8, 9, 10):
        move(net, step)
        lookahead.update(step, 10)
    assert net.state_dict()["1.running_mean"].eq(90 + AVERAGED.index("1.running_mean")).all()
