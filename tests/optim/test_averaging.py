from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.optim.averaging import ExponentialAverage, Lookahead
from dawnbench.optim.contracts import Average

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


def values(net: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def assert_alike(found: nn.Module, expected: dict[str, torch.Tensor]) -> None:
    for name, value in found.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_an_exponential_average_that_begins_anew_forgets_the_trial_before() -> None:
    net = model()
    average = ExponentialAverage(net, momentum=0.5, every=1)
    places = [value.data_ptr() for value in average.model.state_dict().values()]
    for step in range(1, 4):
        move(net, step)
        average.update(step, 3)
    net(torch.randn(4, 2))
    average.begin()
    # All of it, the count of batches too.
    assert_alike(average.model, values(net))
    assert [value.data_ptr() for value in average.model.state_dict().values()] == places
    move(net, 1)
    assert not average.model.state_dict()["0.weight"].eq(10).any()


def test_a_lookahead_that_begins_anew_does_as_one_that_was_just_made() -> None:
    def last_weights(lookahead: Lookahead, net: nn.Module) -> dict[str, torch.Tensor]:
        for step in range(1, 11):
            move(net, step)
            lookahead.update(step, 10)
        return values(net)

    # Longer than the training, so that the first weights count.
    used, fresh = model(), model()
    fresh.load_state_dict(used.state_dict())
    first = values(used)
    again = Lookahead(used, last_steps=20, every=2, momentum=0.5)
    last_weights(again, used)
    used.load_state_dict(first)
    again.begin()
    expected = last_weights(Lookahead(fresh, last_steps=20, every=2, momentum=0.5), fresh)
    last_weights(again, used)
    assert_alike(used, expected)


@pytest.mark.parametrize("kind", ["exponential", "lookahead"])
def test_an_average_goes_on_from_its_tensors_as_if_it_had_never_stopped(kind: str) -> None:
    def made(net: nn.Module) -> Average:
        if kind == "exponential":
            return ExponentialAverage(net, momentum=0.8, every=2)
        return Lookahead(net, last_steps=8, every=2, momentum=0.6)

    def train(net: nn.Module, average: Average, steps: range) -> None:
        for step in steps:
            with torch.no_grad():
                for place in averaged(net):
                    place.mul_(0.5).add_(step)
            average.update(step, 10)

    def averaged(net: nn.Module) -> list[torch.Tensor]:
        return [net.state_dict()[name] for name in AVERAGED]

    whole, stopped, resumed = model(), model(), model()
    for net in (stopped, resumed):
        net.load_state_dict(whole.state_dict())
    straight = made(whole)
    train(whole, straight, range(1, 11))
    first = made(stopped)
    train(stopped, first, range(1, 6))
    second = made(resumed)
    resumed.load_state_dict(stopped.state_dict())
    for place, kept in zip(second.tensors(), first.tensors(), strict=True):
        place.copy_(kept)
    train(resumed, second, range(6, 11))
    assert_alike(resumed, values(whole))
    assert_alike(second.model, values(straight.model))


class Tied(nn.Module):
    """Two layers with one weight, and a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight
        self.register_buffer("scale", torch.ones(()), persistent=False)


def test_a_weight_that_two_layers_share_is_averaged_once() -> None:
    net = Tied()
    average = ExponentialAverage(net, momentum=0.5, every=1)
    before = net.first.weight.detach().clone()
    with torch.no_grad():
        net.first.weight.add_(1)
    average.update(1, 10)
    torch.testing.assert_close(average.model.second.weight.detach(), before + 0.5)
    assert average.model.first.weight is average.model.second.weight


def test_what_is_computed_before_training_is_in_the_average_though_it_may_not_be_saved() -> None:
    net = Tied()
    average = ExponentialAverage(net, momentum=0.5, every=1)
    net.scale.fill_(3)
    average.begin()
    assert average.model.scale == 3
