"""Points in time on a device's stream of work."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import torch


class Marks:
    """Marks set one after the other; on CUDA they are events, so that setting one waits for nothing."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._marks: list[Any] = []

    def add(self) -> None:
        if not self._cuda:
            self._marks.append(time.perf_counter())
            return
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        self._marks.append(event)

    def seconds(self) -> list[float]:
        """Return the time between each mark and the next; waits for the device."""
        if not self._cuda:
            return [end - start for start, end in pairwise(self._marks)]
        torch.cuda.synchronize()
        return [start.elapsed_time(end) / 1e3 for start, end in pairwise(self._marks)]
