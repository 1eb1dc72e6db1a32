"""One trial's record, with a clock and an energy counter that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from dawnbench.campaigns.trial import TrialRecorder
from dawnbench.data.dataset import make_dataset
from dawnbench.engine.hooks import EpochResult, Hook
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.trial import DivergedError, Trial
from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import Schedule
from dawnbench.recipes import ModelPart, SchedulePart, find_recipe
from dawnbench.records.schema import TrialRecord
from dawnbench.records.store import RunWriter
from tests.campaigns.bench import BEFORE, COUNTS, MS, WATTS, Bench, Scripted, interrupt_once
from tests.engine.fakes import FakeDevice


@pytest.fixture(autouse=True)
def _scripts_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is scripted begin a trial of its own kind."""

    def begin(prepared: Any, seed: int, ledger: Ledger, hooks: tuple[Hook, ...]) -> Any:
        if isinstance(prepared, Scripted):
            return prepared.trial(seed, ledger, hooks)
        return Trial(prepared, seed, ledger, hooks)

    monkeypatch.setattr("dawnbench.campaigns.trial.Trial", begin)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_a_finished_trial_is_timed_under_every_rule(bench: Bench) -> None:
    record = bench.record(Scripted(bench.device, (2, 5, 9)))
    assert (record.trial, record.seed, record.status, record.reason) == (2, 7, "finished", None)
    assert (record.target, record.epochs_to_target) == (0.5, 2)
    assert (record.accuracy, record.best_accuracy) == (0.9, 0.9)
    assert record.seconds == pytest.approx(
        {
            "dawnbench": 0.010 + 0.003 + 0.007 + 0.005 + 0.2,
            "airbench": 0.005 + 0.3 + 0.030,
            "strict": 0.003 + 0.007 + 0.005 + 0.3 + 0.030,
            "cold": 0.200 + 0.050 + 0.010 + 0.015 + 2 * 0.121,
        }
    )
    assert record.wall_seconds == record.device_seconds == pytest.approx(0.015 + 2 * 0.121 + 0.131)
    assert record.warnings == ()


def test_the_set_up_leads_the_ledger_at_negative_times(bench: Bench) -> None:
    segments = bench.record(Scripted(bench.device, (9,))).segments
    found = [(s.name, s.start_ns / MS, s.length_ns / MS) for s in segments]
    assert found[:3] == BEFORE
    assert all(segment.epoch is None for segment in segments[:3])
    assert found[3:5] == [("to_device", 0, 3), ("reset", 3, 7)]


def test_each_trial_of_a_run_has_the_same_set_up_farther_back(bench: Bench) -> None:
    setup, startup = bench.setup()
    for trial in (1, 2):
        recorder = TrialRecorder(trial, trial, 0.5, bench.device, bench.sampler, bench.writer, bench.heard)
        recorder.run(Scripted(bench.device, (9,)), setup, startup)  # type: ignore[arg-type]
    first, second = bench.read().trials
    assert [s.length_ns for s in first.segments] == [s.length_ns for s in second.segments]
    later = [a.start_ns - b.start_ns for a, b in zip(first.segments, second.segments, strict=True)]
    assert later == [round(first.wall_seconds * 1e9)] * 3 + [0] * (len(later) - 3)
    assert second.seconds == first.seconds


@pytest.mark.parametrize(
    ("target", "epochs_to_target"), [(0.1, 1), (0.2, 1), (0.21, 2), (0.8, 3), (0.9, 3), (0.95, None)]
)
def test_the_target_is_reached_by_the_first_epoch_that_is_not_below_it(
    bench: Bench, target: float, epochs_to_target: int | None
) -> None:
    record = bench.record(Scripted(bench.device, (2, 5, 9, 4)), target)
    assert record.epochs_to_target == epochs_to_target
    assert (record.accuracy, record.best_accuracy) == (0.4, 0.9)
    assert (record.seconds["dawnbench"] is None) == (epochs_to_target is None)
    assert record.seconds["airbench"] is not None


def test_the_epochs_are_on_the_disk_as_means_over_their_images(bench: Bench) -> None:
    bench.record(Scripted(bench.device, (2, 5, 9)))
    first, _, last = bench.read().epochs
    assert (first.trial, first.epoch, first.learning_rate) == (2, 1, 0.1)
    assert (first.train_loss, first.train_correct, first.train_images) == (2.0, 3, 12)
    assert (first.validation_loss, first.validation_correct, first.validation_images) == (1.5, 2, 10)
    assert (first.train_seconds, first.evaluate_seconds) == pytest.approx((0.1, 0.02))
    assert (last.train_seconds, last.evaluate_seconds) == pytest.approx((0.1, 0.03))


def test_energy_is_what_the_counter_grew_since_the_trial_began(bench: Bench) -> None:
    record = bench.record(Scripted(bench.device, (2, 5, 9)))
    by_epoch = [epoch.energy_joules for epoch in bench.read().epochs]
    assert by_epoch == pytest.approx([WATTS * s for s in (0.135, 0.256, 0.387)])
    assert record.telemetry is not None
    assert record.telemetry.energy_joules == pytest.approx(WATTS * record.wall_seconds)
    assert record.telemetry.energy_to_target_joules == by_epoch[1]
    assert record.telemetry.energy_source == "fake"


def test_a_target_not_reached_took_no_energy_that_could_be_told(bench: Bench) -> None:
    record = bench.record(Scripted(bench.device, (2,)))
    assert record.telemetry is not None
    assert record.telemetry.energy_to_target_joules is None
    assert record.telemetry.energy_joules is not None


def test_a_counter_that_fails_leaves_the_energies_out_and_the_times_in(bench: Bench) -> None:
    bench.meter.broken = True
    record = bench.record(Scripted(bench.device, (9,)))
    assert record.telemetry is not None
    assert (record.telemetry.energy_joules, record.telemetry.energy_to_target_joules) == (None, None)
    assert [epoch.energy_joules for epoch in bench.read().epochs] == [None]
    assert None not in record.seconds.values()


def test_a_counter_that_runs_backwards_gives_no_energy_and_the_reason(bench: Bench) -> None:
    class Reset(Scripted):
        def take(self, ledger: Ledger, name: str, epoch: int | None) -> None:
            super().take(ledger, name, epoch)
            if (name, epoch) == ("train", 2):
                bench.meter.joules = -123_451.8

    record = bench.record(Reset(bench.device, (2, 5, 9)))
    assert record.telemetry is not None
    assert (record.telemetry.energy_joules, record.telemetry.energy_to_target_joules) == (None, None)
    first, *later = [epoch.energy_joules for epoch in bench.read().epochs]
    assert first == pytest.approx(WATTS * 0.135)
    assert later == [None, None]
    (warning,) = record.warnings
    assert "the energy is unknown: the counter went backwards, from " in warning


def test_a_suspended_machine_is_a_warning(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    suspended = iter([5_000 * MS, 8_000 * MS])
    monkeypatch.setattr("dawnbench.campaigns.recorder.suspended_ns", lambda: next(suspended))
    (warning,) = bench.record(Scripted(bench.device, (9,))).warnings
    assert "the machine was suspended for 3.0 s" in warning


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (DivergedError("the training loss was nan"), "diverged", "the training loss was nan"),
        (KeyboardInterrupt(), "interrupted", "interrupted from the keyboard"),
        (KeyboardInterrupt("interrupted by SIGTERM"), "interrupted", "interrupted by SIGTERM"),
        (ValueError("odd"), "failed", "ValueError: odd"),
        (DawnbenchError("a sentence"), "failed", "DawnbenchError: a sentence"),
    ],
)
@pytest.mark.parametrize(
    ("name", "epoch"), [("init", None), ("train", 1), ("train", 3), ("final_evaluate", 3), ("record", 3)]
)
def test_a_trial_that_ends_early_is_recorded_without_the_times_of_a_whole_one(
    bench: Bench, error: BaseException, status: str, reason: str, name: str, epoch: int | None
) -> None:
    record = bench.broken_off(name, epoch, error)
    assert (record.status, record.reason) == (status, reason)
    assert (record.segments[-1].name, record.segments[-1].epoch) == (name, epoch)
    assert (record.seconds["airbench"], record.seconds["strict"]) == (None, None)
    assert record.accuracy is None
    reached = epoch == 3
    assert record.epochs_to_target == (2 if reached else None)
    assert (record.seconds["dawnbench"] is not None) == reached
    assert (record.seconds["cold"] is not None) == reached
    assert bench.heard.events[-1] == record


def test_what_was_reached_before_the_end_keeps_its_time(bench: Bench) -> None:
    whole = bench.record(Scripted(bench.device, (2, 5, 9)))
    torn = bench.broken_off("train", 3, KeyboardInterrupt())
    assert torn.seconds["dawnbench"] == whole.seconds["dawnbench"]
    assert torn.seconds["cold"] == whole.seconds["cold"]
    assert torn.best_accuracy == 0.5


def test_a_trial_without_an_epoch_has_no_accuracy(bench: Bench) -> None:
    record = bench.broken_off("train", 1, KeyboardInterrupt())
    assert (record.accuracy, record.best_accuracy) == (None, None)
    assert bench.read().epochs == ()


@pytest.mark.parametrize(
    ("skew", "warns"), [(1.0, False), (1.015, False), (0.985, False), (1.03, True), (0.9, True)]
)
def test_clocks_that_disagree_by_more_than_2_percent_are_told(bench: Bench, skew: float, warns: bool) -> None:
    bench.skew = skew
    record = bench.record(Scripted(bench.device, (2, 5, 9)))
    assert record.wall_seconds == pytest.approx(record.device_seconds * skew, rel=1e-6)
    if not warns:
        assert record.warnings == ()
        return
    (warning,) = record.warnings
    assert f"host's clock says {record.wall_seconds:.3f} s and the device's 0.388 s" in warning
    assert "measure again" in warning


def test_telemetry_that_ended_early_is_told(bench: Bench) -> None:
    bench.sampler.error = OSError("no space left")
    assert bench.record(Scripted(bench.device, (9,))).warnings == (
        "the telemetry ended early: no space left",
    )


def test_the_peak_of_memory_is_that_of_the_trial(bench: Bench) -> None:
    assert bench.record(Scripted(bench.device, (9,))).peak_memory_bytes == 0


def test_samples_of_the_past_are_let_go_of_after_the_record(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[int] = []
    monkeypatch.setattr(bench.sampler, "forget", forgotten.append)
    record = bench.record(Scripted(bench.device, (9,)))
    assert forgotten == [bench.device.clock.now_ns]
    assert record.began_ns == forgotten[0] - round(record.wall_seconds * 1e9)


def test_the_observer_hears_everything_in_order(bench: Bench) -> None:
    scripted = Scripted(bench.device, (2, 5))
    record = bench.record(scripted)
    first, second = bench.read().epochs
    assert bench.heard.events == [("started", 2, 7), ("step", 1), first, ("step", 2), second, record]
    assert scripted.seeds == [7]


@dataclass(frozen=True)
class LinearSpec(ModelPart, kind="one linear layer"):
    """Reads the mean of each channel."""

    def build(self, channels: int, classes: int) -> nn.Module:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


@dataclass(frozen=True)
class BreaksSpec(SchedulePart, kind="breaks in an epoch"):
    """A rate that is no number from the second step of an epoch on."""

    epoch: int = 1000

    def build(self) -> Schedule:
        return Breaks(self.epoch)


class Breaks(Schedule):
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def __call__(self, epoch: float) -> float:
        return 3e38 if epoch >= self.epoch - 1 else 0.1


def small(device: FakeDevice, schedule: SchedulePart = BreaksSpec()) -> Prepared:
    """Return two epochs of three steps, on random images of two by two pixels."""
    random = np.random.default_rng(0)
    images = {f"{k}_images": random.integers(0, 256, (n, 2, 2, 1), np.uint8) for k, n in COUNTS.items()}
    labels = {f"{k}_labels": np.arange(n) % 3 for k, n in COUNTS.items()}
    quickstart = find_recipe("quickstart")
    recipe = replace(
        quickstart,
        model=LinearSpec(),
        schedule=schedule,
        dataset=replace(quickstart.dataset, image_size=2),
        augmentation=(),
        epochs=2,
        batch_size=4,
    )
    return prepare(recipe, make_dataset("random", **images, **labels), device)  # type: ignore[arg-type]


def test_a_real_trial_fills_the_record(bench: Bench) -> None:
    record = bench.record(small(bench.device), target=0.0)
    assert (record.status, record.epochs_to_target) == ("finished", 1)
    names = [segment.name for segment in record.segments[3:]]
    assert names == [
        *("to_device", "reset", "init"),
        *("train", "evaluate", "record"),
        *("train", "final_evaluate", "record"),
    ]
    assert [event for event in bench.heard.events if isinstance(event, tuple)] == [
        ("started", 2, 7),
        *(("step", number) for number in range(1, 7)),
    ]
    assert len(bench.read().epochs) == 2
    assert record.accuracy == bench.read().epochs[-1].validation_accuracy


class Checkpoint(Hook):
    """A guest that takes 50 ms of a segment of its own."""

    segment = "checkpoint"

    def __init__(self, device: FakeDevice) -> None:
        self.device = device
        self.epochs: list[int] = []

    def after_epoch(self, trial: Any, result: EpochResult) -> None:
        self.epochs.append(result.epoch)
        self.device.clock.now_ns += 50 * MS


def test_a_guests_segment_is_in_the_ledger_and_in_no_rule_but_cold(bench: Bench) -> None:
    def recorded(*guests: Hook) -> TrialRecord:
        recorder = TrialRecorder(2, 7, 0.0, bench.device, bench.sampler, bench.writer, bench.heard)
        recorder.run(small(bench.device), *bench.setup(), guests)
        return bench.read().trials[-1]

    guest = Checkpoint(bench.device)
    alone, together = recorded(), recorded(guest)
    assert guest.epochs == [1, 2]
    found = [(s.name, s.epoch, s.length_ns) for s in together.segments if s.name == "checkpoint"]
    assert found == [("checkpoint", 1, 50 * MS), ("checkpoint", 2, 50 * MS)]
    changed = {rule for rule in alone.seconds if alone.seconds[rule] != together.seconds[rule]}
    assert changed == {"cold"}


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_real_trial_that_diverges_is_recorded_and_the_run_goes_on(bench: Bench, epoch: int) -> None:
    """In its last epoch the final evaluation has been made, and still there is no time for it."""
    record = bench.record(small(bench.device, BreaksSpec(epoch)))
    assert (record.status, record.accuracy) == ("diverged", None)
    assert record.reason == f"the training loss was nan after epoch {epoch}"
    assert (record.seconds["airbench"], record.seconds["strict"]) == (None, None)
    assert [e.train_loss is None for e in bench.read().epochs] == [False, True][2 - epoch :]


def test_an_interrupt_while_a_trial_is_recorded_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_once(monkeypatch, RunWriter, "append_trial")
    with pytest.raises(KeyboardInterrupt):
        bench.record(Scripted(bench.device, (2, 5, 9)))
    (trial,) = bench.read().trials
    assert (trial.status, trial.accuracy) == ("finished", 0.9)


def test_sensors_that_are_lost_during_a_trial_are_named_in_a_warning(bench: Bench) -> None:
    class Losing(Scripted):
        def take(self, ledger: Ledger, name: str, epoch: int | None) -> None:
            super().take(ledger, name, epoch)
            for metric in ("gpu_power", "gpu_temperature"):
                bench.meter.unavailable[metric] = f"{metric} could not be read at some samples: GPU is lost"

    bench.meter.unavailable["gpu_energy"] = "known from the start"
    record = bench.record(Losing(bench.device, (2, 5, 9)))
    assert record.status == "finished"
    assert record.warnings == (
        "2 sensors were lost during the trial: gpu_power could not be read at some samples: GPU is lost",
    )
