from __future__ import annotations

import math
from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from dawnbench.train.ledger import Ledger
from dawnbench.train.trainer import WARM_UP_STEPS, DivergedError, EpochResult, Trainer, reset_parameters
from torch import nn

from dawnbench.records.schema import Segment
from tests.train.fakes import BATCH, STEPS, World


def run(world: World, on_step: Any = lambda _step: None) -> tuple[list[EpochResult], tuple[Segment, ...]]:
    results: list[EpochResult] = []
    ledger = Ledger(world.device)
    trainer = Trainer(world.plan(), world.device, world.train, world.validation)
    trainer.trial(0, ledger, results.append, on_step)
    return results, ledger.segments()


def test_the_segments_of_a_trial_come_in_this_order() -> None:
    _, segments = run(World(epochs=3))
    assert [(segment.name, segment.epoch) for segment in segments] == [
        ("to_device", None),
        ("reset", None),
        ("init", None),
        ("train", 1),
        ("evaluate", 1),
        ("record", 1),
        ("train", 2),
        ("evaluate", 2),
        ("record", 2),
        ("train", 3),
        ("final_evaluate", 3),
        ("record", 3),
    ]


def test_everything_that_a_trial_does_happens_inside_the_segment_that_it_belongs_to() -> None:
    world = World(epochs=1)
    run(world)
    step = ["batch", "forward", "optimizer"]
    assert world.device.journal == [
        "mark",  # the ledger's origin
        "make optimizer",  # once a run, before its trials
        *("mark", "place", "place", "mark"),
        *("mark", "reset", "mark"),
        *("mark", "normalization", "fit", "mark"),
        *("mark", *step * STEPS, "mark"),
        *("mark", "evaluate", "mark"),
        *("mark", "mark"),
    ]


def test_segments_last_as_long_as_what_happens_in_them_and_nothing_lies_between() -> None:
    _, segments = run(World(epochs=1))
    assert [segment.length_ns for segment in segments] == [6, 7, 5, 30, 10, 0]
    ends = [segment.start_ns + segment.length_ns for segment in segments]
    assert [segment.start_ns for segment in segments] == [0, *ends[:-1]]


def test_recording_an_epoch_is_timed_as_such() -> None:
    world = World(epochs=1)
    ledger = Ledger(world.device)
    trainer = Trainer(world.plan(), world.device, world.train, world.validation)
    trainer.trial(0, ledger, lambda _result: world.device.happened("write", 1000), lambda _step: None)
    assert ledger.segments()[-1] == Segment("record", 1, 58, 1000)


def test_each_step_has_the_schedules_rate_times_the_groups_scale() -> None:
    world = World(epochs=2, schedule=lambda epoch: 1 + epoch)
    results, _ = run(world)
    expected = [1 + step / STEPS for step in range(2 * STEPS)]
    weights, biases = zip(*world.optimizers[0].rates, strict=True)
    assert weights == pytest.approx([0.5 * rate for rate in expected])
    assert biases == pytest.approx([2.0 * rate for rate in expected])
    assert [result.learning_rate for result in results] == pytest.approx([1, 2])


def test_steps_are_counted_through_the_trial() -> None:
    steps: list[int] = []
    run(World(epochs=2), steps.append)
    assert steps == [1, 2, 3, 4, 5, 6]


def test_an_epochs_losses_are_means_over_its_images() -> None:
    world = World(epochs=1, schedule=lambda _epoch: 0.0)
    (result,), _ = run(world)

    def figures(images: torch.Tensor, labels: torch.Tensor) -> tuple[float, int]:
        logits = world.model(images.float().permute(0, 3, 1, 2) / 255)
        loss = F.cross_entropy(logits, labels).item()
        return loss, int((logits.argmax(1) == labels).sum())

    train_loss, train_correct = figures(world.train.images, world.train.labels)
    validation_loss, validation_correct = figures(world.validation.images, world.validation.labels)
    assert result.train_loss == pytest.approx(train_loss, rel=1e-5)
    assert result.validation_loss == pytest.approx(validation_loss, rel=1e-5)
    last, _ = figures(world.train.images[-BATCH:], world.train.labels[-BATCH:])
    assert result.last_batch_loss == pytest.approx(last, rel=1e-5)
    assert (result.train_correct, result.validation_correct) == (train_correct, validation_correct)
    assert (result.train_images, result.validation_images) == (BATCH * STEPS, 5)
    assert type(result.train_correct) is int


def test_labels_are_smoothed_in_the_training_loss_only() -> None:
    plain, smooth = World(epochs=1, schedule=lambda _epoch: 0.0), World(epochs=1, label_smoothing=0.2)
    smooth.schedule = plain.schedule
    smooth.model.linear.load_state_dict(plain.model.linear.state_dict())
    (before,), _ = run(plain)
    (after,), _ = run(smooth)
    assert after.validation_loss == before.validation_loss
    logits = plain.model(plain.train.images.float().permute(0, 3, 1, 2) / 255)
    smoothed = F.cross_entropy(logits, plain.train.labels, label_smoothing=0.2).item()
    assert after.train_loss == pytest.approx(smoothed, rel=1e-5)
    assert after.train_loss != pytest.approx(before.train_loss, rel=1e-5)


def test_the_average_is_updated_at_each_step_and_evaluated_in_the_models_place() -> None:
    world, updates = World(epochs=1), []

    class Average:
        def __init__(self) -> None:
            self.model = deepcopy(world.model)
            nn.init.zeros_(self.model.linear.weight)
            nn.init.zeros_(self.model.linear.bias)

        def update(self, step: int, steps: int) -> None:
            updates.append(step)

    world.make_average = Average
    (result,), _ = run(world)
    assert updates == [1, 2, 3]
    assert result.validation_loss == pytest.approx(math.log(3), rel=1e-5)  # of equal logits


def test_a_loss_that_is_no_number_ends_the_trial_after_its_epoch_was_handed_on() -> None:
    world, results = World(epochs=3), []
    world.schedule = lambda epoch: float("nan") if epoch >= 1 else 0.1
    ledger = Ledger(world.device)
    trainer = Trainer(world.plan(), world.device, world.train, world.validation)
    with pytest.raises(DivergedError, match="the training loss was nan after epoch 2"):
        trainer.trial(0, ledger, results.append, lambda _step: None)
    assert [result.epoch for result in results] == [1, 2]
    assert math.isfinite(results[0].train_loss)
    assert math.isnan(results[1].train_loss)
    last = ledger.segments()[-1]
    assert (last.name, last.epoch) == ("record", 2)


def test_an_interrupted_epoch_leaves_its_segment() -> None:
    def interrupt(step: int) -> None:
        if step == 5:
            raise KeyboardInterrupt

    world = World(epochs=2)
    ledger = Ledger(world.device)
    trainer = Trainer(world.plan(), world.device, world.train, world.validation)
    with pytest.raises(KeyboardInterrupt):
        trainer.trial(0, ledger, lambda _result: None, interrupt)
    assert ledger.segments()[-1] == Segment("train", 2, 58, 20)


def test_warm_up_runs_the_whole_path_without_the_training_images() -> None:
    world = World()
    seen: list[torch.Tensor] = []
    world.model.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].detach()))
    Trainer(world.plan(), world.device, world.train, world.validation).warm_up()
    assert [event for event in world.device.journal if event in ("forward", "evaluate", "optimizer")] == [
        *("forward", "optimizer") * WARM_UP_STEPS,
        "evaluate",
    ]
    assert len(seen[-1]) == len(world.validation.labels)
    assert "mark" not in world.device.journal
    known = world.train.images.float().permute(0, 3, 1, 2) / 255
    assert not any(torch.equal(image, own) for images in seen for image in images for own in known)


def test_reset_gives_every_layer_weights_that_depend_on_the_seed_only() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))

    def fresh(seed: int) -> list[torch.Tensor]:
        model(torch.randn(2, 1, 4, 4).expand(2, 1, 4, 4))
        reset_parameters(model, seed)
        return [value.clone() for value in model.state_dict().values()]

    first, again, other = fresh(1), fresh(1), fresh(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
