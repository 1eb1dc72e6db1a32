"""A handful of figures, described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dawnbench.stats.bootstrap import Interval, bootstrap_interval


@dataclass(frozen=True, slots=True)
class Sample:
    """What some figures of one unit come to; every field but `count` is in that unit."""

    count: int
    mean: float
    median: float
    std: float | None
    """Sample standard deviation (n - 1); None of a single figure."""
    least: float
    most: float
    interval: Interval | None
    """The mean's bootstrap 95 % interval; None of a single figure."""

    @property
    def relative_std(self) -> float | None:
        """The standard deviation over the mean; None of a single figure or a mean of zero."""
        return None if self.std is None or not self.mean else self.std / abs(self.mean)


def describe(figures: Sequence[float]) -> Sample | None:
    """Describe finite figures; None of none at all."""
    return _described(tuple(float(figure) for figure in figures))


# A report asks for the same figures in its text, its page and its pictures.
@lru_cache(maxsize=64)
def _described(figures: tuple[float, ...]) -> Sample | None:
    values = np.sort(np.asarray(figures, dtype=float))
    if not values.size:
        return None
    if not np.isfinite(values).all():
        raise ValueError("only finite figures can be described")

    def mean(figures: Any, axis: int = -1) -> Any:
        # A mean of equal figures may come out beside them by one rounding.
        return np.clip(np.mean(figures, axis=axis), values[0], values[-1])

    return Sample(
        count=values.size,
        mean=float(mean(values)),
        median=float(np.median(values)),
        std=float(values.std(ddof=1)) if values.size > 1 else None,
        least=float(values[0]),
        most=float(values[-1]),
        interval=bootstrap_interval([values], mean),
    )
