from __future__ import annotations

import math

import pytest
import torch.nn.functional as F

from dawnbench.engine.hooks import EpochResult, Hook
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.resident import Split
from dawnbench.engine.trial import DivergedError, Trial
from dawnbench.records.schema import Segment
from tests.engine.fakes import BATCH, STEPS, VALIDATION, Listener, World, normalize, results_of, split


def run(world: World, *hooks: Hook) -> tuple[Segment, ...]:
    prepared = world.prepared()
    ledger = Ledger(world.device)
    Trial(prepared, 0, ledger, hooks).run()
    return ledger.segments()


def still(_epoch: float) -> float:
    return 0.0


def test_the_segments_of_a_trial_come_in_this_order() -> None:
    segments = run(World(epochs=3))
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
    world = World(epochs=1, averages=True)
    run(world)
    step = ["batch", "forward", "loss", "optimizer", "average"]
    assert world.device.journal == [
        "make optimizer",  # once a run, before its trials
        "mark",  # the ledger's origin
        *("mark", "load", "load", "mark"),
        *("mark", "reset", "mark"),
        *("mark", "normalization", "fit", "begin average", "mark"),
        *("mark", "draw", *step * STEPS, "mark"),
        *("mark", "evaluate", "mark"),
        *("mark", "observe", "mark"),
    ]


def test_segments_last_as_long_as_what_happens_in_them_and_nothing_lies_between() -> None:
    segments = run(World(epochs=1))
    assert [segment.length_ns for segment in segments] == [6, 7, 5, 30, 10, 0]
    ends = [segment.start_ns + segment.length_ns for segment in segments]
    assert [segment.start_ns for segment in segments] == [0, *ends[:-1]]


def test_recording_an_epoch_is_timed_as_such() -> None:
    world = World(epochs=1)

    class Writer(Hook):
        def after_epoch(self, trial: Trial, result: EpochResult) -> None:
            world.device.happened("write", 1000)

    assert run(world, Writer())[-1] == Segment("record", 1, 58, 1000)


def test_each_step_has_the_schedules_rate_times_the_groups_scale() -> None:
    world = World(epochs=2, schedule=lambda epoch: 1 + epoch)
    prepared = world.prepared()
    results = results_of(prepared)
    expected = [1 + step / STEPS for step in range(2 * STEPS)]
    weights, biases = zip(*prepared.optimizer.rates, strict=True)
    assert weights == pytest.approx([0.5 * rate for rate in expected])
    assert biases == pytest.approx([2.0 * rate for rate in expected])
    assert [result.learning_rate for result in results] == pytest.approx([1, 2])


def test_steps_are_counted_through_the_trial() -> None:
    listener = Listener()
    run(World(epochs=2), listener)
    assert listener.steps == [1, 2, 3, 4, 5, 6]


def test_an_epochs_losses_are_means_over_its_images() -> None:
    world = World(epochs=1, schedule=still)
    prepared = world.prepared()
    (result,) = results_of(prepared)

    def figures(part: Split) -> tuple[float, int]:
        logits = prepared.model(normalize(part, of=world.train))
        loss = F.cross_entropy(logits, part.labels).item()
        return loss, int((logits.argmax(1) == part.labels).sum())

    train_loss, train_correct = figures(world.train)
    validation_loss, validation_correct = figures(world.validation)
    assert result.train_loss == pytest.approx(train_loss, rel=1e-5)
    assert result.validation_loss == pytest.approx(validation_loss, rel=1e-5)
    last, _ = figures(Split(world.train.images[-BATCH:], world.train.labels[-BATCH:]))
    assert result.last_batch_loss == pytest.approx(last, rel=1e-5)
    assert (result.train_correct, result.validation_correct) == (train_correct, validation_correct)
    assert (result.train_images, result.validation_images) == (BATCH * STEPS, VALIDATION)
    assert type(result.train_correct) is int


def test_the_last_batch_may_be_smaller_and_its_mean_counts_as_one_of_the_batches() -> None:
    world = World(epochs=1, schedule=still, train=split(BATCH + 2, 1), settings={"drop_last": False})
    prepared = world.prepared()
    (result,) = results_of(prepared)
    logits = prepared.model(normalize(world.train))
    losses = F.cross_entropy(logits, world.train.labels, reduction="none")
    means = losses[:BATCH].mean().item(), losses[BATCH:].mean().item()
    assert result.train_loss == pytest.approx(sum(means) / 2, rel=1e-5)
    assert result.last_batch_loss == pytest.approx(means[1], rel=1e-5)
    assert result.train_images == BATCH + 2


def test_labels_are_smoothed_in_the_training_loss_only() -> None:
    plain = World(epochs=1, schedule=still)
    smooth = World(epochs=1, schedule=still, settings={"label_smoothing": 0.2})
    prepared = plain.prepared()
    (before,) = results_of(prepared)
    (after,) = results_of(smooth.prepared())
    assert after.validation_loss == before.validation_loss
    logits = prepared.model(normalize(plain.train))
    smoothed = F.cross_entropy(logits, plain.train.labels, label_smoothing=0.2).item()
    assert after.train_loss == pytest.approx(smoothed, rel=1e-5)
    assert after.train_loss != pytest.approx(before.train_loss, rel=1e-5)


def test_the_average_is_updated_at_each_step_and_evaluated_in_the_models_place() -> None:
    prepared = World(epochs=1, averages=True).prepared()
    (result,) = results_of(prepared)
    assert prepared.average.updates == [(1, 3), (2, 3), (3, 3)]
    assert result.validation_loss == pytest.approx(math.log(3), rel=1e-5)  # of equal logits


def test_an_average_is_begun_anew_with_each_trial() -> None:
    world = World(epochs=1, averages=True)
    prepared = world.prepared()
    results_of(prepared, 0)
    results_of(prepared, 1)
    assert world.device.journal.count("begin average") == 2


def test_a_schedule_is_new_in_each_trial_and_hears_each_validation_loss() -> None:
    world = World(epochs=2)
    prepared, made = world.prepared(), []
    make = prepared.make_schedule
    prepared.make_schedule = lambda: made.append(make()) or made[-1]
    first, second = results_of(prepared, 0), results_of(prepared, 1)
    heard = [schedule._schedule.observed for schedule in made]
    assert heard == [[result.validation_loss for result in results] for results in (first, second)]


def test_a_loss_that_is_no_number_ends_the_trial_after_its_epoch_was_handed_on() -> None:
    world, listener = World(epochs=3), Listener()
    world.schedule = lambda epoch: float("nan") if epoch >= 1 else 0.1
    ledger = Ledger(world.device)
    trial = Trial(world.prepared(), 0, ledger, (listener,))
    with pytest.raises(DivergedError, match="the training loss was nan after epoch 2"):
        trial.run()
    assert [result.epoch for result in listener.results] == [1, 2]
    assert math.isfinite(listener.results[0].train_loss)
    assert math.isnan(listener.results[1].train_loss)
    last = ledger.segments()[-1]
    assert (last.name, last.epoch) == ("record", 2)


def test_an_interrupted_epoch_leaves_its_segment() -> None:
    def interrupt(step: int) -> None:
        if step == 5:
            raise KeyboardInterrupt

    world = World(epochs=2)
    ledger = Ledger(world.device)
    trial = Trial(world.prepared(), 0, ledger, (Listener(interrupt),))
    with pytest.raises(KeyboardInterrupt):
        trial.run()
    assert ledger.segments()[-1] == Segment("train", 2, 58, 20)


def test_a_trial_can_be_driven_epoch_by_epoch() -> None:
    whole, world = results_of(World(epochs=2).prepared()), World(epochs=2)
    trial = Trial(world.prepared(), 0, Ledger(world.device))
    found = []
    while not trial.is_last_epoch:
        trial.train_epoch()
        loss, correct = trial.evaluate()
        found.append(trial.end_epoch())
        assert loss.item() / VALIDATION == pytest.approx(found[-1].validation_loss)
        assert correct.item() == found[-1].validation_correct
    assert found == whole
    assert trial.epoch == 2


def test_an_epoch_can_be_driven_step_by_step() -> None:
    whole, world = results_of(World(epochs=1).prepared()), World(epochs=1)
    trial = Trial(world.prepared(), 0, Ledger(world.device))
    trial.begin_epoch()
    for _ in range(STEPS):
        assert trial.epoch == 0
        trial.train_step()
    trial.evaluate()
    assert [trial.end_epoch()] == whole


def test_an_optimizer_begins_each_trial_without_momentum() -> None:
    prepared = World(epochs=2).prepared()
    first, second = results_of(prepared), results_of(prepared)
    assert first == second
    assert any(state["momentum_buffer"].any() for state in prepared.optimizer.state.values())


def test_without_shuffling_the_images_come_in_their_order_and_with_it_in_another_each_epoch() -> None:
    def shown(shuffle: bool) -> tuple[list[int], list[int]]:
        world = World(epochs=2, settings={"shuffle": shuffle})
        prepared, seen = world.prepared(), []
        prepared.model.register_forward_pre_hook(
            lambda model, inputs: seen.extend(inputs[0]) if model.training else None
        )
        results_of(prepared)
        known = normalize(world.train)
        places = [int((known - image).abs().flatten(1).sum(1).argmin()) for image in seen]
        return places[: BATCH * STEPS], places[BATCH * STEPS :]

    plain = list(range(BATCH * STEPS))
    assert shown(False) == (plain, plain)
    first, second = shown(True)
    assert first != second
    assert sorted(first) == sorted(second) == plain
