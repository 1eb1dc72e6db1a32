"""The named segments of a trial, which are all that is ever timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from dawnbench.records.rules import SEGMENTS
from dawnbench.records.schema import Segment


class Clock(Protocol):
    """What a ledger needs from a device."""

    def mark(self) -> Any:
        """Return a point in time."""

    def elapsed_ns(self, start: Any, end: Any) -> int:
        """Return the nanoseconds between two marks."""


class Ledger:
    """Collects segments as pairs of marks and converts them to times only on request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.started_wall_ns = time.perf_counter_ns()
        self._origin = clock.mark()
        self._marks: list[tuple[str, int | None, Any, Any]] = []

    @contextmanager
    def segment(self, name: str, epoch: int | None = None) -> Iterator[None]:
        """Time the block as one segment; an interrupted block is kept up to the interruption."""
        if name not in SEGMENTS:
            raise ValueError(f"no segment is called {name!r}")
        start = self._clock.mark()
        try:
            yield
        finally:
            self._marks.append((name, epoch, start, self._clock.mark()))

    def segments(self) -> tuple[Segment, ...]:
        """Return the segments so far, in order; waits for the device."""
        since = self._clock.elapsed_ns
        return tuple(
            Segment(name, epoch, since(self._origin, start), since(start, end))
            for name, epoch, start, end in self._marks
        )

    def device_seconds(self) -> float:
        """Return the time from the ledger's start to the end of its last segment, by the device's clock."""
        if not self._marks:
            return 0.0
        return self._clock.elapsed_ns(self._origin, self._marks[-1][3]) / 1e9


def shift_segments(segments: tuple[Segment, ...], by_ns: int) -> tuple[Segment, ...]:
    """Return the segments relative to an origin `by_ns` later."""
    return tuple(Segment(s.name, s.epoch, s.start_ns - by_ns, s.length_ns) for s in segments)
