"""The learning-rate schedules that the library brings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

from dawnbench.recipes.registry import ADDED_LATER, SchedulePart, register
from dawnbench.recipes.values import require


@dataclass(frozen=True)
class PiecewiseLinearSpec(SchedulePart):
    """Learning rate in straight lines between knots; stretched where `epochs` is not the last knot's."""

    epochs: tuple[float, ...]
    rates: tuple[float, ...]
    momenta: tuple[float, ...] | None = field(default=None, metadata=ADDED_LATER)
    """The momentum at the knots (Adam's first beta); None leaves the optimizer's own."""

    def __post_init__(self) -> None:
        """Refuse knots that are no function of time."""
        knots, rates = list(self.epochs), list(self.rates)
        require(
            len(knots) == len(rates) > 0,
            f"the schedule has {len(knots)} epochs and {len(rates)} rates; give one for one",
        )
        increasing = all(later > earlier for earlier, later in pairwise(knots))
        require(increasing and knots[-1] > 0, f"the schedule's epochs {knots} must increase, to more than 0")
        finite = all(math.isfinite(rate) for rate in rates)
        require(finite, f"the schedule's rates {rates} must be finite numbers")
        momenta = knots if self.momenta is None else self.momenta
        require(
            len(momenta) == len(knots),
            f"the schedule has {len(knots)} epochs and {len(momenta)} momenta; give one for one",
        )
        fits = self.momenta is None or all(0 <= momentum < 1 for momentum in self.momenta)
        require(fits, f"the schedule's momenta {list(momenta)} must each be at least 0 and below 1")


@dataclass(frozen=True)
class StepsSpec(SchedulePart):
    """Learning rate multiplied by a factor every so many epochs."""

    rate: float
    """At the start."""
    every: int
    """Epochs."""
    factor: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        require(math.isfinite(self.rate), f"schedule.rate={self.rate} must be a finite number")
        require(self.every >= 1, f"schedule.every={self.every} must be at least 1")
        require(self.factor > 0, f"schedule.factor={self.factor} must be above 0")


@dataclass(frozen=True)
class PlateauSpec(SchedulePart):
    """Learning rate multiplied by a factor once the validation loss no longer falls."""

    rate: float
    """At the start."""
    factor: float = 0.1
    patience: int = 10
    """How many epochs in a row without a lower loss leave the rate as it is."""

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        require(math.isfinite(self.rate), f"schedule.rate={self.rate} must be a finite number")
        require(0 < self.factor < 1, f"schedule.factor={self.factor} must be above 0 and below 1")
        require(self.patience >= 0, f"schedule.patience={self.patience} must not be negative")


register("piecewise_linear", PiecewiseLinearSpec, "dawnbench.optim.schedules:PiecewiseLinear")
register("steps", StepsSpec, "dawnbench.optim.schedules:Steps")
register("plateau", PlateauSpec, "dawnbench.optim.schedules:Plateau")
