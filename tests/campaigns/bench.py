"""A run folder, a clock and an energy counter that the test moves, and trials that follow a script."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

import pytest

from dawnbench.campaigns.observer import SilentObserver
from dawnbench.campaigns.trial import TrialRecorder
from dawnbench.engine.hooks import EpochResult, Hook
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.trial import DivergedError
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import EpochRecord, Segment, TrialRecord
from dawnbench.telemetry.sampler import Sampler
from dawnbench.telemetry.source import Source
from tests.engine.fakes import FakeDevice
from tests.records.examples import begin_run

MS = 1_000_000
LENGTHS = {
    "to_device": 3 * MS,
    "reset": 7 * MS,
    "init": 5 * MS,
    "train": 100 * MS,
    "evaluate": 20 * MS,
    "final_evaluate": 30 * MS,
    "record": 1 * MS,
}
WATTS = 2.0
COUNTS = {"train": 12, "test": 5}
BEFORE = [("startup", -263, 200), ("load", -63, 50), ("build", -10, 10)]
"""Name, start and length in milliseconds; 3 ms pass between the second and the third."""


class Meter(Source):
    """A counter of energy that grows with the device's clock."""

    energy_name = "fake"

    def __init__(self, device: FakeDevice) -> None:
        super().__init__([])
        self.device = device
        self.broken, self.joules = False, 0.0

    def energy_joules(self) -> float | None:
        return None if self.broken else self.joules + WATTS * self.device.clock.now_ns / 1e9


class CountingDevice(FakeDevice):
    """Has an allocator that remembers its peak."""

    peak = 99

    def reset_peak_memory(self) -> None:
        self.peak = 0

    def peak_memory_bytes(self) -> int | None:
        return self.peak


class Scripted:
    """Trains nothing: each segment takes its time, each epoch has its right answers of ten."""

    def __init__(self, device: FakeDevice, correct: tuple[int, ...]) -> None:
        self.device, self.correct = device, correct
        self.raises: tuple[str, int | None, BaseException] | None = None
        self.seeds: list[int] = []

    def trial(self, seed: int, ledger: Ledger, hooks: tuple[Hook, ...]) -> ScriptedTrial:
        self.seeds.append(seed)
        return ScriptedTrial(self, ledger, hooks)

    def take(self, ledger: Ledger, name: str, epoch: int | None) -> None:
        with ledger.segment(name, epoch):
            self.device.clock.now_ns += LENGTHS[name]
            if self.raises is not None and self.raises[:2] == (name, epoch):
                raise self.raises[2]


class ScriptedTrial:
    """What `Scripted` begins."""

    def __init__(self, scripted: Scripted, ledger: Ledger, hooks: tuple[Hook, ...]) -> None:
        self.scripted, self.ledger, self.hooks = scripted, ledger, hooks
        for name in ("to_device", "reset", "init"):
            scripted.take(ledger, name, None)

    def run(self) -> None:
        take, ledger, trial = self.scripted.take, self.ledger, cast(Any, self)
        for epoch, correct in enumerate(self.scripted.correct, 1):
            take(ledger, "train", epoch)
            for hook in self.hooks:
                hook.after_step(trial, epoch)
            last = epoch == len(self.scripted.correct)
            take(ledger, "final_evaluate" if last else "evaluate", epoch)
            with ledger.segment("record", epoch):
                for hook in self.hooks:
                    hook.after_epoch(
                        trial, EpochResult(epoch, 0.1 * epoch, 2.0, 1.75, 3, 12, 1.5, correct, 10)
                    )
            take(ledger, "record", epoch)


class Heard(SilentObserver):
    def __init__(self) -> None:
        self.events: list[Any] = []

    def trial_started(self, trial: int, seed: int) -> None:
        self.events.append(("started", trial, seed))

    def step(self, steps: int) -> None:
        self.events.append(("step", steps))

    def epoch_ended(self, record: EpochRecord) -> None:
        self.events.append(record)

    def trial_ended(self, record: TrialRecord) -> None:
        self.events.append(record)


class Bench:
    """A run folder and all that a recorder needs; the host's clock runs `skew` times as fast."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.device, self.skew = CountingDevice(), 1.0
        monkeypatch.setattr(time, "perf_counter_ns", lambda: round(self.device.clock.now_ns * self.skew))
        self.meter = Meter(self.device)
        self.sampler = Sampler([self.meter], lambda _samples: None)
        self.writer = begin_run(tmp_path)
        self.heard = Heard()

    def setup(self) -> tuple[Ledger, tuple[Segment, ...]]:
        ledger, startup = Ledger(self.device), (Segment("startup", None, -200 * MS, 200 * MS),)
        with ledger.segment("load"):
            self.device.clock.now_ns += 50 * MS
        self.device.clock.now_ns += 3 * MS
        with ledger.segment("build"):
            self.device.clock.now_ns += 10 * MS
        return ledger, startup

    def record(self, prepared: Any, target: float = 0.5) -> TrialRecord:
        """Run a trial to its end, or past what it raises, and return what is on the disk."""
        recorder = TrialRecorder(2, 7, target, self.device, self.sampler, self.writer, self.heard)
        recorder.run(prepared, *self.setup())
        return self.read().trials[-1]

    def read(self) -> Run:
        return read_run(self.writer.folder)

    def broken_off(self, name: str, epoch: int | None, error: BaseException, **options: Any) -> TrialRecord:
        scripted = Scripted(self.device, (2, 5, 9))
        scripted.raises = (name, epoch, error)
        if isinstance(error, DivergedError):
            return self.record(scripted, **options)
        with pytest.raises(type(error)) as passed_on:
            self.record(scripted, **options)
        assert passed_on.value is error
        return self.read().trials[-1]


def interrupt_once(monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> None:
    """Let the first call of a method end in KeyboardInterrupt, as Ctrl-C just before it would."""
    original, interrupts = getattr(owner, method), [KeyboardInterrupt()]

    def interrupted(*arguments: Any) -> Any:
        if interrupts:
            raise interrupts.pop()
        return original(*arguments)

    monkeypatch.setattr(owner, method, interrupted)
