"""Measures the shortest time of a piece of work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dawnbench.engine.device import Device

MIN_BATCH_SECONDS = 2e-3
"""The minimum time between two marks, below which the overhead of the marks would show."""


@dataclass(frozen=True)
class Timing:
    """The timing of a piece of work."""

    seconds: float
    """Per call, in the fastest batch of calls."""
    calls: int
    """Number of timed calls."""


def fastest(work: Callable[[], object], device: Device, seconds: float) -> Timing:
    """Call `work` for about `seconds` of host time and return its shortest time.

    Calls are timed in batches that are long enough for the clock, at least one batch.
    """
    work()  # the first call tunes and allocates
    device.synchronize()
    deadline = time.perf_counter() + seconds
    best, calls, batch = float("inf"), 0, 1
    while True:
        start = device.mark()
        for _ in range(batch):
            work()
        took = device.elapsed_ns(start, device.mark()) / 1e9
        over = time.perf_counter() >= deadline
        if took >= MIN_BATCH_SECONDS or over:
            calls += batch
            best = min(best, took / batch)
        else:
            batch *= 2
        if over:
            return Timing(best, calls)
