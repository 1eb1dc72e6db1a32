"""Learning rates as functions of the time in epochs."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from dawnbench.errors import DawnbenchError


def between_knots(at: float, knots: Sequence[float], values: Sequence[float]) -> float:
    """Return the linear interpolation between knots; constant before the first and after the last."""
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
    """In epochs; a schedule with a length is stretched to the recipe's epochs."""

    @property
    def is_precomputable(self) -> bool:
        """Whether the rates are known before training, because they do not depend on it."""
        return True

    def __call__(self, epoch: float) -> float:
        """Return the rate at time `epoch`, counted from 0."""
        raise NotImplementedError

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at time `epoch`, counted from 0; None keeps the optimizer's own."""
        return None

    def observe_validation_loss(self, loss: float) -> None:
        """Observe the mean validation loss, in nats, at the end of an epoch."""

    def state_dict(self) -> dict[str, float]:
        """Return the state derived from the losses observed so far."""
        return {}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Restore what `state_dict` returned."""


class Stretched(Schedule):
    """A schedule adapted to a number of epochs: one with a `length` ends with the last epoch."""

    def __init__(self, schedule: Schedule, epochs: int) -> None:
        if not isinstance(schedule, Schedule):
            raise DawnbenchError(
                f"a schedule part must build a subclass of dawnbench.optim.schedules.Schedule, "
                f"not a {type(schedule).__name__}"
            )
        self._schedule = schedule
        self.length = None if schedule.length is None else float(epochs)
        self._stretch = 1.0 if schedule.length is None else schedule.length / epochs

    @property
    def is_precomputable(self) -> bool:
        """Whether the wrapped schedule is precomputable."""
        return self._schedule.is_precomputable

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return float(self._schedule(epoch * self._stretch))

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at a time in epochs; None keeps the optimizer's own."""
        return self._schedule.momentum(epoch * self._stretch)

    def observe_validation_loss(self, loss: float) -> None:
        """Pass the loss to the wrapped schedule."""
        self._schedule.observe_validation_loss(loss)

    def state_dict(self) -> dict[str, float]:
        """Return the wrapped schedule's state."""
        return self._schedule.state_dict()

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Restore the wrapped schedule's state."""
        self._schedule.load_state_dict(state)


class PiecewiseLinear(Schedule):
    """Linear interpolation between knots, for the rate and, if `momenta` are given, for the momentum."""

    def __init__(
        self, epochs: Sequence[float], rates: Sequence[float], momenta: Sequence[float] | None = None
    ) -> None:
        self.epochs, self.rates, self.momenta = tuple(epochs), tuple(rates), momenta
        self.length = self.epochs[-1]

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return between_knots(epoch, self.epochs, self.rates)

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at a time in epochs; None keeps the optimizer's own."""
        return None if self.momenta is None else between_knots(epoch, self.epochs, self.momenta)


class Steps(Schedule):
    """A rate that is multiplied by `factor` after every `every` epochs."""

    def __init__(self, rate: float, every: int, factor: float) -> None:
        self._rate, self._every, self._factor = rate, every, factor

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        return self._rate * self._factor ** math.floor(epoch / self._every)


class Milestones(Schedule):
    """A rate that rises linearly from 0 for `warm_up` epochs and is multiplied by `factor` at milestones."""

    def __init__(
        self, rate: float, epochs: float, milestones: Sequence[float], *, factor: float, warm_up: float
    ) -> None:
        self.length = epochs
        self._rate, self._milestones, self._factor, self._warm_up = rate, milestones, factor, warm_up

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time in epochs."""
        rise = min(1.0, epoch / self._warm_up) if self._warm_up else 1.0
        return self._rate * rise * self._factor ** bisect_right(self._milestones, epoch)


class Plateau(Schedule):
    """A rate that is multiplied by `factor` when the validation loss has stopped falling.

    Like torch's ReduceLROnPlateau: the loss has fallen if it is below the lowest by one part in ten thousand;
    after more than `patience` epochs without that, the rate falls and the count restarts.
    """

    THRESHOLD = 1e-4
    is_precomputable = False

    def __init__(self, rate: float, factor: float, patience: int) -> None:
        self._rate, self._factor, self._patience = rate, factor, patience
        self._lowest, self._waited = math.inf, 0

    def __call__(self, epoch: float) -> float:
        """Return the rate after the losses observed so far."""
        return self._rate

    def observe_validation_loss(self, loss: float) -> None:
        """Observe the loss at the end of an epoch."""
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
        """Restore what `state_dict` returned."""
        self._rate, self._lowest, self._waited = state["rate"], state["lowest"], int(state["waited"])
