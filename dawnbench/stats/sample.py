"""Summary statistics of a handful of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dawnbench.stats.intervals import Interval, mean_interval


@dataclass(frozen=True, slots=True)
class Sample:
    """Summary statistics of values in one unit; every field but `count` is in that unit."""

    count: int
    mean: float
    median: float
    std: float | None
    """Sample standard deviation (n - 1); None for a single value."""
    least: float
    most: float
    interval: Interval | None
    """The mean's 95 % interval by Student's t; None for a single value."""

    @property
    def relative_std(self) -> float | None:
        """The standard deviation over the mean; None for a single value or a mean of zero."""
        return None if self.std is None or not self.mean else self.std / abs(self.mean)


def describe(values: Sequence[float], highest: float = math.inf) -> Sample | None:
    """Describe finite values up to `highest`, the largest possible one; None if there are none."""
    return _described(tuple(float(value) for value in values), highest)


# A report needs the same statistics in its text, its page and its figures.
@lru_cache(maxsize=64)
def _described(values: tuple[float, ...], highest: float) -> Sample | None:
    array = np.sort(np.asarray(values, dtype=float))
    if not array.size:
        return None
    if not np.isfinite(array).all():
        raise ValueError("only finite values can be described")
    return Sample(
        count=array.size,
        # Rounding may put the mean of equal values just beside them.
        mean=float(np.clip(array.mean(), array[0], array[-1])),
        median=float(np.median(array)),
        std=float(array.std(ddof=1)) if array.size > 1 else None,
        least=float(array[0]),
        most=float(array[-1]),
        interval=mean_interval(array, highest),
    )
