"""The shortest time that a piece of work takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dawnbench.engine.device import Device

SHORTEST_SECONDS = 2e-3
"""Of a batch of calls between two marks; below it the marks themselves would show."""


@dataclass(frozen=True)
class Timing:
    """How fast one piece of work was."""

    seconds: float
    """A call, in the fastest batch of calls."""
    calls: int
    """That were timed."""


def fastest(work: Callable[[], object], device: Device, seconds: float) -> Timing:
    """Call `work` for about `seconds` of host time and return its shortest time.

    Calls are timed in batches long enough for the clock, and at least one batch is.
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
        if took >= SHORTEST_SECONDS or over:
            calls += batch
            best = min(best, took / batch)
        else:
            batch *= 2
        if over:
            return Timing(best, calls)
