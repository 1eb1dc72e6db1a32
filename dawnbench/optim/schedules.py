"""Learning rates as functions of the time in epochs."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from dawnbench.errors import DawnbenchError


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


class Schedule:
    """The learning rate, and possibly the momentum, of one trial; base of all schedules."""

    length: float | None = None
    """In epochs; what has one is stretched to the recipe's epochs."""

    @property
    def is_precomputable(self) -> bool:
        """Whether the rates are known before training, as they depend on nothing that happens in it."""
        return True

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time counted in epochs from 0."""
        raise NotImplementedError

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at a time counted in epochs from 0; None leaves the optimizer's own."""
        return None

    def observe_validation_loss(self, loss: float) -> None:
        """Take in the mean validation loss, in nats, at the end of an epoch."""

    def state_dict(self) -> dict[str, float]:
        """Return what was learned from the losses observed so far."""
        return {}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from what `state_dict` returned."""


class Stretched(Schedule):
    """A schedule as a trial of so many epochs takes it: one with a `length` ends with the last epoch."""

    def __init__(self, schedule: Schedule, epochs: int) -> None:
        if not isinstance(schedule, Schedule):
            raise DawnbenchError(
                f"a schedule part builds a subclass of dawnbench.optim.schedules.Schedule, "
                f"and {type(schedule).__name__} is none"
            )
        self._schedule = schedule
        self.length = None if schedule.length is None else float(epochs)
        self._stretch = 1.0 if schedule.length is None else schedule.length / epochs

    @property
    def is_precomputable(self) -> bool:
        """Whether the stretched schedule is."""
        return self._schedule.is_precomputable

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return float(self._schedule(epoch * self._stretch))

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at a time in epochs; None leaves the optimizer's own."""
        return self._schedule.momentum(epoch * self._stretch)

    def observe_validation_loss(self, loss: float) -> None:
        """Hand the loss on."""
        self._schedule.observe_validation_loss(loss)

    def state_dict(self) -> dict[str, float]:
        """Return what the schedule learned."""
        return self._schedule.state_dict()

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Let the schedule go on."""
        self._schedule.load_state_dict(state)


class PiecewiseLinear(Schedule):
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


class Steps(Schedule):
    """A rate that is multiplied by `factor` every so many epochs, however many there are."""

    def __init__(self, rate: float, every: int, factor: float) -> None:
        self._rate, self._every, self._factor = rate, every, factor

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return self._rate * self._factor ** math.floor(epoch / self._every)


class Plateau(Schedule):
    """A rate that is multiplied by `factor` once the validation loss has not fallen for a while.

    As torch's ReduceLROnPlateau: a loss counts as fallen where it is lower than the lowest by one part in ten
    thousand, and after more than `patience` epochs without that the rate falls and the count begins anew.
    """

    THRESHOLD = 1e-4
    is_precomputable = False

    def __init__(self, rate: float, factor: float, patience: int) -> None:
        self._rate, self._factor, self._patience = rate, factor, patience
        self._lowest, self._waited = math.inf, 0

    def __call__(self, epoch: float) -> float:
        """Return the rate as the losses seen so far have left it."""
        return self._rate

    def observe_validation_loss(self, loss: float) -> None:
        """Take in the loss at the end of an epoch."""
        if loss < self._lowest * (1 - self.THRESHOLD):
            self._lowest, self._waited = loss, 0
        else:
            self._waited += 1
        if self._waited > self._patience:
            self._rate, self._waited = self._rate * self._factor, 0

    def state_dict(self) -> dict[str, float]:
        """Return the rate, the lowest loss so far and the epochs since then."""
        return {"rate": self._rate, "lowest": self._lowest, "waited": self._waited}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from what `state_dict` returned."""
        self._rate, self._lowest, self._waited = state["rate"], state["lowest"], int(state["waited"])
