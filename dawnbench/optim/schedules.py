"""Learning rates as functions of the time in epochs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


class PiecewiseLinear:
    """Straight lines between knots, level before the first and after the last."""

    def __init__(self, epochs: Sequence[float], rates: Sequence[float]) -> None:
        self.epochs, self.rates = tuple(epochs), tuple(rates)

    @property
    def length(self) -> float:
        """The time of the last knot, in epochs."""
        return self.epochs[-1]

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time counted in epochs from 0."""
        right = bisect_right(self.epochs, epoch)
        if right == 0:
            return self.rates[0]
        if right == len(self.epochs):
            return self.rates[-1]
        start, end = self.epochs[right - 1], self.epochs[right]
        fraction = (epoch - start) / (end - start)
        return self.rates[right - 1] + fraction * (self.rates[right] - self.rates[right - 1])
