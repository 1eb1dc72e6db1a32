"""What each part of the harness costs by itself: to be added up for an epoch of any length."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine import Made
from benchmarks.harness import Harness, full_harness
from dawnbench.engine.ledger import Ledger
from dawnbench.records.schema import EpochRecord

EPOCHS = 24
"""Of a trial: the ledger's segments are gone through at each epoch's end, so their number counts."""


@dataclass(frozen=True)
class PartCosts:
    """Absolute costs of recording, timing, telemetry and display."""

    threads: float
    """Seconds of processor time a second, of the sampler's and the display's threads beside nothing else."""
    step: float
    """Seconds a training step: the display hears of it."""
    epoch: float
    """Seconds an epoch: its segments timed, its row written, forced to the disk and shown."""

    def share(self, epoch_seconds: float, steps: int) -> float:
        """Return the cost as a share of an epoch, as if the threads always held up a core that trains."""
        return self.threads + (self.step * steps + self.epoch) / epoch_seconds


def measure_parts(made: Made, folder: Path, seconds: float = 5.0, rounds: int = 100) -> PartCosts:
    """Run each part alone."""
    with full_harness(made, folder) as harness:
        before = time.process_time()
        time.sleep(seconds)
        threads = (time.process_time() - before) / seconds
        step = _each(harness.display.step, rounds * 10)
        epoch = _each(lambda _: _one_epoch(made, harness), rounds)
    return PartCosts(threads, step, epoch)


def _each(call: Callable[[int], None], times: int) -> float:
    began = time.perf_counter()
    for i in range(times):
        call(i)
    return (time.perf_counter() - began) / times


def _one_epoch(made: Made, harness: Harness) -> None:
    """Do all that a trial of `EPOCHS` epochs does beside training at the end of its last one."""
    ledger = Ledger(made.prepared.device)
    for epoch in range(1, EPOCHS + 1):
        with ledger.segment("train", epoch), ledger.segment("evaluate", epoch):
            pass
    ledger.segments()
    record = EpochRecord(1, EPOCHS, 0.1, 10.0, 1.0, 0.5, 40_000, 49_664, 0.4, 9_000, 10_000)
    harness.writer.append_epoch(record)
    harness.display.epoch_ended(record)
