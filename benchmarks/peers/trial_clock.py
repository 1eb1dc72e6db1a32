"""The clock of a peer's trial: all between two synchronised marks, less what `strict` does not count."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


class TrialClock:
    """Of one trial."""

    def __init__(self, device: str) -> None:
        self._synchronize: Callable[[], None] = torch.cuda.synchronize if device == "cuda" else _nothing
        self._off_the_clock = 0.0
        self._began = self.now()

    def now(self) -> float:
        """Return the seconds of the host's clock once the device has done all it was given."""
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


def _nothing() -> None:
    return None
