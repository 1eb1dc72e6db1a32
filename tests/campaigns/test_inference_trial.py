"""One pass's record, with a clock and an energy counter that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dawnbench.campaigns.inference_trial import PassRecorder
from dawnbench.inference.runtime import Answer, Runtime
from dawnbench.records.inference import BatchThroughput
from dawnbench.records.schema import TrialRecord
from dawnbench.records.store import RunWriter
from dawnbench.telemetry.sampler import Sampler
from dawnbench.telemetry.source import Source
from tests.campaigns.bench import BEFORE, MS, WATTS, Bench, interrupt_once

IMAGES = 100
LABELS = np.arange(IMAGES) % 4
SLOW = 10
"""Images that take 5 ms; the others take 1 ms."""


class Scripted(Runtime):
    """Knows all answers but the first three; a larger batch takes 2 ms."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.raises: tuple[int, BaseException] | None = None
        """The batch size and what its last batch ends with."""
        self.asked: list[str] = []

    def open(self, images: Any, batch_size: int) -> Answer:
        def answer(number: int) -> Any:
            clock = self.bench.device.clock
            clock.now_ns += (5 if number < SLOW else 1) * MS if batch_size == 1 else 2 * MS
            if (
                self.raises is not None
                and self.raises[0] == batch_size
                and number == IMAGES // batch_size - 1
            ):
                raise self.raises[1]
            first = number * batch_size
            found = LABELS[first : first + batch_size].copy()
            return found if first >= 3 else found + 1

        return answer

    @contextmanager
    def answering(self) -> Iterator[None]:
        self.asked.append("begin")
        yield
        self.asked.append("end")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def record(bench: Bench, runtime: Scripted | None = None, sizes: tuple[int, ...] = (1, 8, 50)) -> TrialRecord:
    runtime = runtime or Scripted(bench)
    recorder = PassRecorder(2, 1, 0.94, bench.device, bench.sampler, bench.writer, bench.heard)
    setup, startup = bench.setup()
    recorder.run(runtime, {size: runtime.open(None, size) for size in sizes}, LABELS, setup, startup)
    return bench.read().trials[-1]


def broken_off(bench: Bench, batch_size: int, error: BaseException) -> TrialRecord:
    runtime = Scripted(bench)
    runtime.raises = batch_size, error
    with pytest.raises(type(error)) as passed_on:
        record(bench, runtime)
    assert passed_on.value is error
    return bench.read().trials[-1]


PASS_MS = SLOW * 5 + (IMAGES - SLOW) * 1


def test_one_image_at_a_time_comes_first_and_is_all_that_counts(bench: Bench) -> None:
    found = record(bench)
    segments = [(s.name, s.epoch, s.start_ns / MS, s.length_ns / MS) for s in found.segments]
    assert [(name, start, length) for name, _, start, length in segments[:3]] == BEFORE
    assert segments[3:] == [
        ("infer", None, 0, PASS_MS),
        ("throughput", None, PASS_MS, 12 * 2),
        ("throughput", None, PASS_MS + 24, 2 * 2),
    ]
    assert found.seconds == {"inference": pytest.approx(PASS_MS / 1e3)}
    assert (found.trial, found.seed, found.status, found.warnings) == (2, 1, "finished", ())


def test_the_latency_is_the_total_over_the_number_of_images(bench: Bench) -> None:
    found = record(bench).inference
    assert found is not None
    assert found.images == IMAGES
    assert found.latency_seconds == pytest.approx(PASS_MS / 1e3 / IMAGES)
    percentiles = (found.median_seconds, found.p90_seconds, found.p99_seconds, found.max_seconds)
    assert percentiles == pytest.approx((0.001, 0.0014, 0.005, 0.005))


def test_the_accuracy_is_that_of_the_images_one_at_a_time(bench: Bench) -> None:
    found = record(bench)
    assert found.inference is not None
    assert found.inference.correct == IMAGES - 3
    assert (found.accuracy, found.best_accuracy, found.epochs_to_target) == (0.97, 0.97, None)
    assert bench.read().epochs == ()


def test_the_throughput_is_of_full_batches(bench: Bench) -> None:
    found = record(bench).inference
    assert found is not None
    assert found.throughputs == (
        BatchThroughput(1, pytest.approx(IMAGES / (PASS_MS / 1e3))),  # type: ignore[arg-type]
        BatchThroughput(8, pytest.approx(8 / 0.002)),  # type: ignore[arg-type]
        BatchThroughput(50, pytest.approx(50 / 0.002)),  # type: ignore[arg-type]
    )


def test_the_energy_of_an_image_is_that_of_the_pass_alone(bench: Bench) -> None:
    found = record(bench)
    assert found.inference is not None
    assert found.inference.energy_per_image_joules == pytest.approx(WATTS * PASS_MS / 1e3 / IMAGES)
    assert found.inference.energy_unknown is None
    assert found.telemetry is not None
    assert found.telemetry.energy_joules == pytest.approx(WATTS * (PASS_MS + 28) / 1e3)


def test_without_a_counter_there_is_a_reason_in_place_of_the_energy(bench: Bench) -> None:
    reasons = {"gpu_energy": "no NVIDIA GPU", "cpu_energy": "no counter of the processor", "fan": "none"}
    bench.sampler = Sampler([Source([], reasons)], lambda _samples: None)
    found = record(bench).inference
    assert found is not None
    assert found.energy_per_image_joules is None
    assert found.energy_unknown == "no NVIDIA GPU; no counter of the processor"


def test_a_counter_that_runs_backwards_is_the_reason(bench: Bench) -> None:
    class Reset(Scripted):
        def open(self, images: Any, batch_size: int) -> Answer:
            inner = super().open(images, batch_size)

            def answer(number: int) -> Any:
                bench.meter.joules = -1000.0
                return inner(number)

            return answer

    found = record(bench, Reset(bench)).inference
    assert found is not None
    assert found.energy_per_image_joules is None
    assert found.energy_unknown is not None
    assert found.energy_unknown.startswith("the counter went backwards")


@pytest.mark.parametrize("batch_size", [1, 50])
@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (KeyboardInterrupt(), "interrupted", "interrupted from the keyboard"),
        (ValueError("odd"), "failed", "ValueError: odd"),
    ],
)
def test_a_pass_that_ends_early_has_no_time_and_no_result(
    bench: Bench, batch_size: int, error: BaseException, status: str, reason: str
) -> None:
    found = broken_off(bench, batch_size, error)
    assert (found.status, found.reason) == (status, reason)
    assert (found.seconds, found.inference, found.accuracy) == ({"inference": None}, None, None)
    assert found.segments[-1].name == ("infer" if batch_size == 1 else "throughput")


def test_everything_is_asked_in_the_runtimes_context(bench: Bench) -> None:
    runtime = Scripted(bench)
    record(bench, runtime)
    assert runtime.asked == ["begin", "end"]


def test_an_interrupt_while_a_pass_is_recorded_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_once(monkeypatch, RunWriter, "append_trial")
    with pytest.raises(KeyboardInterrupt):
        record(bench)
    (trial,) = bench.read().trials
    assert (trial.status, trial.accuracy) == ("finished", 0.97)
