"""Learning rates as functions of the time in epochs."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence


def between_knots(at: float, knots: Sequence[float], values: Sequence[float]) -> float:
    """Return the value on the straight lines through the knots; level before the first and after the last."""
    right = bisect_right(knots, at)
    if right == 0:
        return values[0]
    if right == len(knots):
        return values[-1]
    start, end = knots[right - 1], knots[right]
    fraction = (at - start) / (end - start)
    return values[right - 1] + fraction * (values[right] - values[right - 1])


class PiecewiseLinear:
    """Straight lines between knots, for the rate and, where `momenta` are given, for the momentum."""

    def __init__(
        self, epochs: Sequence[float], rates: Sequence[float], momenta: Sequence[float] | None = None
    ) -> None:
        self.epochs, self.rates, self.momenta = tuple(epochs), tuple(rates), momenta
        self.length = self.epochs[-1]

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return between_knots(epoch, self.epochs, self.rates)

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at a time in epochs; None leaves the optimizer's own."""
        return None if self.momenta is None else between_knots(epoch, self.epochs, self.momenta)


class Steps:
    """A rate that is multiplied by `factor` every so many epochs, however many there are."""

    def __init__(self, rate: float, every: int, factor: float) -> None:
        self._rate, self._every, self._factor = rate, every, factor

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return self._rate * self._factor ** math.floor(epoch / self._every)


class Plateau:
    """A rate that is multiplied by `factor` once the validation loss has not fallen for a while.

    As torch's ReduceLROnPlateau: a loss counts as fallen where it is lower than the lowest by one part in ten
    thousand, and after more than `patience` epochs without that the rate falls and the count begins anew.
    """

    THRESHOLD = 1e-4

    def __init__(self, rate: float, factor: float, patience: int) -> None:
        self._rate, self._factor, self._patience = rate, factor, patience
        self._lowest, self._waited = math.inf, 0

    def __call__(self, epoch: float) -> float:
        """Return the rate as the losses seen so far have left it."""
        return self._rate

    def saw(self, validation_loss: float) -> None:
        """Take in the loss at the end of an epoch."""
        if validation_loss < self._lowest * (1 - self.THRESHOLD):
            self._lowest, self._waited = validation_loss, 0
        else:
            self._waited += 1
        if self._waited > self._patience:
            self._rate, self._waited = self._rate * self._factor, 0
