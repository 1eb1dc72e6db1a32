"""One trial of a peer: its clock, and what it measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Measured:
    """What the script did in one trial."""

    passes: tuple[tuple[str, int | None, float], ...]
    """Segment, epoch and seconds, in their order; together they are the trial's time under `strict`."""
    own_seconds: float | None
    """By the script's own clock."""
    accuracy: float | None
    """On all test images, 0 to 1; None if the trial was not trained to its end."""
    estimate: str | None = None
    """How the time was estimated; None if it was measured."""


class TrialClock:
    """Counts everything between two synchronised marks, except what `strict` does not count."""

    def __init__(self, device: str) -> None:
        self._synchronize = torch.cuda.synchronize if device == "cuda" else lambda: None
        self._off_the_clock = 0.0
        self._began = self.now()

    def now(self) -> float:
        """Return the seconds of the host's clock once the device has done all that it was given."""
        self._synchronize()
        return time.perf_counter()

    def elapsed(self) -> float:
        """Return the counted seconds since the trial began."""
        return self.now() - self._began - self._off_the_clock

    @contextmanager
    def off_the_clock(self) -> Iterator[None]:
        """Leave the block out, as `strict` leaves out the evaluations between epochs."""
        began = self.now()
        try:
            yield
        finally:
            self._off_the_clock += self.now() - began
