from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from dawnbench.train.rates import set_rates
from dawnbench.train.step import TrainingStep
from torch import Tensor

from tests.train.fakes import BATCH, FakeDevice, JournalledModel, World


class Recorder(FakeDevice):
    """Captures as a GPU does: what was captured is replayed on copies, and is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.captured: list[tuple[int, ...]] = []
        self.replayed: list[tuple[int, ...]] = []

    def capture(
        self, function: Callable[[Tensor, Tensor], None], first: Tensor, second: Tensor
    ) -> Callable[[Tensor, Tensor], None]:
        self.captured.append(tuple(first.shape))

        def replay(images: Tensor, labels: Tensor) -> None:
            self.replayed.append(tuple(images.shape))
            function(images.clone(), labels.clone())

        return replay


def batch(count: int = BATCH) -> tuple[Tensor, Tensor]:
    draws = torch.Generator().manual_seed(count)
    return torch.rand(count, 1, 2, 2, generator=draws), torch.arange(count) % 3


def made(until: float | None = None) -> tuple[TrainingStep, World, Recorder]:
    device = Recorder()
    world = World(device=device)
    world.model = JournalledModel(device)
    plan = world.plan()
    optimizer = plan.make_optimizer()
    if until is not None:
        optimizer.param_groups[1]["until_epoch"] = until
    set_rates(optimizer, 0.1, 0.0)
    return TrainingStep(plan, device, optimizer), world, device


def test_a_step_adds_the_batch_to_the_epochs_sums() -> None:
    step, world, _ = made()
    images, labels = batch()
    logits = world.model.linear(images.flatten(1))
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
    right = int((logits.argmax(1) == labels).sum())
    step(images, labels)
    assert (step.loss.item(), step.correct.item()) == (pytest.approx(expected), right)
    step(images, labels)
    assert step.loss.item() > expected
    step.begin_epoch()
    assert (step.loss.item(), step.correct.item()) == (0, 0)


def test_a_smaller_batch_counts_as_much_as_a_full_one() -> None:
    """What the optimizer divides by is a full batch, so a smaller one's mean loss is scaled up to that."""
    whole, parts = made(), made()
    for step, world, _ in (whole, parts):
        world.model.linear.load_state_dict(whole[1].model.linear.state_dict())
        assert BATCH % 2 == 0, step
    images, labels = batch(BATCH // 2)
    whole[0](images.repeat(2, 1, 1, 1), labels.repeat(2))
    parts[0](images, labels)
    assert parts[0].loss.item() == pytest.approx(whole[0].loss.item())
    weights = [world.model.linear.weight for _, world, _ in (whole, parts)]
    torch.testing.assert_close(weights[1], weights[0])


def test_a_step_like_one_that_was_captured_is_replayed() -> None:
    step, _, device = made()
    step.capture(*batch())
    step(*batch())
    assert device.captured == device.replayed == [(BATCH, 1, 2, 2)]


def test_the_smaller_last_batch_runs_operation_by_operation() -> None:
    step, world, device = made()
    step.capture(*batch())
    step(*batch(BATCH - 1))
    assert device.replayed == []
    assert world.optimizers[0].rates  # it was trained on


def test_a_step_is_captured_once_for_each_shape() -> None:
    step, _, device = made()
    for count in (BATCH, BATCH, BATCH - 1):
        step.capture(*batch(count))
    assert len(device.captured) == 2


def test_once_a_group_is_no_longer_trained_the_old_capture_does_not_hold() -> None:
    step, world, device = made(until=1.0)
    step.capture(*batch())
    set_rates(world.optimizers[0], 0.1, 1.0)
    before = world.model.linear.bias.detach().clone()
    step(*batch())
    assert device.replayed == []
    assert torch.equal(world.model.linear.bias, before)
    set_rates(world.optimizers[0], 0.1, 0.0)
    step(*batch())
    assert len(device.replayed) == 1
    assert not torch.equal(world.model.linear.bias, before)
