from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from dawnbench.engine.prepare import Prepared
from dawnbench.engine.rates import freeze_ended
from dawnbench.engine.resident import Split
from tests.engine.fakes import BATCH, CapturingDevice, World, normalize, split


def made(count: int = 3 * BATCH, **more: object) -> tuple[Prepared, World]:
    """Return a world of `count` training images, at the beginning of its first epoch."""
    world = World(device=CapturingDevice(), train=split(count, 1), settings={"drop_last": False}, **more)
    return begun(world), world


def begun(world: World) -> Prepared:
    prepared = world.prepared()
    prepared.train.load()
    prepared.reset(0)
    prepared.fit()
    begin_epoch(prepared)
    world.device.journal.clear()
    return prepared


def begin_epoch(prepared: Prepared) -> None:
    prepared.input.begin_epoch(0, prepared.generator)
    prepared.rates.begin_epoch(prepared.make_schedule(), 0, prepared.steps_per_epoch)
    prepared.step.begin_epoch()


def figures(prepared: Prepared, world: World, batch: slice) -> tuple[float, int]:
    """Return the summed loss and the right answers of some training images under the weights as they are."""
    labels = world.train.labels[batch]
    logits = prepared.model.linear(normalize(world.train)[batch].flatten(1))
    loss = F.cross_entropy(logits, labels, reduction="sum").item()
    return loss, int((logits.argmax(1) == labels).sum())


def test_a_step_adds_the_next_batch_to_the_epochs_sums() -> None:
    prepared, world = made()
    step = prepared.step
    loss, right = figures(prepared, world, slice(0, BATCH))
    step(BATCH, 2)
    assert (step.loss.item(), step.correct.item()) == (pytest.approx(loss), right)
    second_loss, second_right = figures(prepared, world, slice(BATCH, 2 * BATCH))
    step(BATCH, 2)
    assert step.loss.item() == pytest.approx(loss + second_loss)
    assert step.correct.item() == right + second_right
    step.begin_epoch()
    assert (step.loss.item(), step.correct.item()) == (0, 0)


def test_the_last_batch_is_summed_apart() -> None:
    prepared, world = made()
    step = prepared.step
    loss, _ = figures(prepared, world, slice(0, BATCH))
    step(BATCH, 2)
    step.separate_last_batch()
    last, _ = figures(prepared, world, slice(BATCH, 2 * BATCH))
    step(BATCH, 2)
    assert step.loss_before_last.item() == pytest.approx(loss)
    assert step.loss.item() == pytest.approx(last)


def test_an_epoch_begins_again_at_its_first_batch() -> None:
    prepared, world = made(schedule=lambda _epoch: 0.0)
    step = prepared.step
    for _ in range(2):
        begin_epoch(prepared)
        step(BATCH, 2)
        assert step.loss.item() == pytest.approx(figures(prepared, world, slice(0, BATCH))[0])


def test_a_smaller_batch_counts_as_much_as_a_full_one() -> None:
    """What the optimizer divides by is a full batch, so a smaller one's mean loss is scaled up to that."""
    images = split(BATCH + BATCH // 2, 1)
    last = slice(BATCH, None)
    twice = Split(
        torch.cat([images.images, images.images[last]]), torch.cat([images.labels, images.labels[last]])
    )
    weights, losses = [], []
    for data in (images, twice):
        world = World(device=CapturingDevice(), train=data, settings={"drop_last": False})
        prepared = begun(world)
        prepared.normalization.set(torch.tensor([0.5]), torch.tensor([0.25]))
        for count in prepared.input.counts:
            prepared.step(count, 2)
        weights.append(prepared.model.linear.weight.detach().clone())
        losses.append(prepared.step.loss.item())
    assert losses[0] == pytest.approx(losses[1])
    torch.testing.assert_close(weights[0], weights[1])


def test_a_step_like_one_that_was_captured_is_replayed() -> None:
    prepared, world = made()
    prepared.step.capture(BATCH, 2)
    begin_epoch(prepared)
    world.device.journal.clear()
    prepared.step(BATCH, 2)
    assert world.device.captured == 1
    assert world.device.journal == ["replay", "batch", "forward", "loss", "optimizer"]


def test_a_replay_takes_the_next_batch_and_its_own_rate() -> None:
    """Nothing but what lies in tensors tells one replay from another."""
    rates = {0: 0.1, 1: 0.2, 2: 0.4}
    captured, plain = (made(schedule=lambda epoch: rates[round(3 * epoch)]) for _ in range(2))
    captured[0].step.capture(BATCH, 2)
    found = []
    for prepared, world in (captured, plain):
        prepared.reset(0)
        prepared.fit()
        begin_epoch(prepared)
        prepared.optimizer.rates.clear()
        for _ in range(3):
            prepared.step(BATCH, 2)
        found.append((prepared.optimizer.rates, prepared.step.loss.item(), prepared.model.linear.weight))
        assert world.device.journal.count("replay") == (3 if prepared is captured[0] else 0)
    (rates_of_replays, loss, weight), (plain_rates, plain_loss, plain_weight) = found
    assert rates_of_replays == plain_rates
    assert [weight_rate for weight_rate, _ in plain_rates] == pytest.approx([0.05, 0.1, 0.2])
    assert loss == plain_loss
    assert torch.equal(weight, plain_weight)


def test_a_smaller_last_batch_that_was_not_captured_runs_operation_by_operation() -> None:
    prepared, world = made(2 * BATCH - 1)
    prepared.step.capture(BATCH, 2)
    begin_epoch(prepared)
    prepared.step(BATCH, 2)
    world.device.journal.clear()
    before = prepared.model.linear.weight.detach().clone()
    prepared.step(BATCH - 1, 2)
    assert "replay" not in world.device.journal
    assert not torch.equal(prepared.model.linear.weight, before)


def test_a_step_is_captured_once_for_each_number_of_images_and_size() -> None:
    prepared, world = made()
    for count, size in ((BATCH, 2), (BATCH, 2), (BATCH - 1, 2)):
        prepared.step.capture(count, size)
    assert world.device.captured == 2


def test_once_a_group_is_no_longer_trained_the_old_capture_does_not_hold() -> None:
    prepared, world = made(bias_until=1.0)
    step, bias = prepared.step, prepared.model.linear.bias
    step.capture(BATCH, 2)
    freeze_ended(prepared.optimizer, 1.0)
    before = bias.detach().clone()
    step(BATCH, 2)
    assert "replay" not in world.device.journal
    assert torch.equal(bias, before)
    freeze_ended(prepared.optimizer, 0.0)
    step(BATCH, 2)
    assert world.device.journal.count("replay") == 1
    assert not torch.equal(bias, before)


def test_once_released_no_step_is_replayed() -> None:
    prepared, world = made()
    prepared.step.capture(BATCH, 2)
    prepared.step.release()
    prepared.step(BATCH, 2)
    assert "replay" not in world.device.journal
