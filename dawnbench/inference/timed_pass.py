"""Times a pass over images: each answer on its own, without disturbing their total."""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dawnbench.inference.runtime import Answer


@dataclass(frozen=True)
class TimedPass:
    """The answers of a pass, and when each was there."""

    classes: npt.NDArray[np.int64]
    """(batches, images of a batch)."""
    answered_ns: array[int]
    """When the pass began and when each batch was answered, by time.perf_counter_ns."""

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """The time of each batch: the previous answer to its own, so that they add up to the pass."""
        return np.diff(np.asarray(self.answered_ns)) / 1e9

    @property
    def total_seconds(self) -> float:
        """The time from the beginning of the pass to its last answer."""
        return (self.answered_ns[-1] - self.answered_ns[0]) / 1e9


def timed_pass(answer: Answer, batches: int, batch_size: int) -> TimedPass:
    """Answer all batches, one after another."""
    classes = np.zeros((batches, batch_size), np.int64)
    answered_ns = array("q", bytes(8 * (batches + 1)))
    now = time.perf_counter_ns
    answered_ns[0] = now()
    for number in range(batches):
        classes[number] = answer(number)
        answered_ns[number + 1] = now()
    return TimedPass(classes, answered_ns)
