"""The learning-rate schedules that the library brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from dawnbench.recipes.constraints import (
    Finite,
    FractionBelowOne,
    NonNegativeInt,
    OpenFraction,
    Positive,
    PositiveInt,
    require,
)
from dawnbench.recipes.part import ADDED_LATER, SchedulePart

if TYPE_CHECKING:
    from dawnbench.optim.schedules import Schedule

__all__ = ["PiecewiseLinearSpec", "PlateauSpec", "StepsSpec"]


@dataclass(frozen=True)
class PiecewiseLinearSpec(SchedulePart, kind="piecewise_linear"):
    """Learning rate in straight lines between knots; stretched where `epochs` is not the last knot's."""

    epochs: tuple[Finite, ...]
    rates: tuple[Finite, ...]
    momenta: tuple[FractionBelowOne, ...] | None = field(default=None, metadata=ADDED_LATER)
    """The momentum at the knots (Adam's first beta); None leaves the optimizer's own."""

    def __post_init__(self) -> None:
        """Refuse knots that are no function of time."""
        super().__post_init__()
        knots = list(self.epochs)
        for name in ("rates", "momenta"):
            values = getattr(self, name)
            require(
                values is None or len(values) == len(knots) > 0,
                f"the schedule has {len(knots)} epochs and {len(values or ())} {name}; give one for one",
            )
        increasing = all(later > earlier for earlier, later in pairwise(knots))
        require(increasing and knots[-1] > 0, f"the schedule's epochs {knots} must increase, to more than 0")

    def build(self) -> Schedule:
        """Return the straight lines."""
        from dawnbench.optim.schedules import PiecewiseLinear

        return PiecewiseLinear(self.epochs, self.rates, self.momenta)


@dataclass(frozen=True)
class StepsSpec(SchedulePart, kind="steps"):
    """Learning rate multiplied by a factor every so many epochs."""

    rate: Finite
    """At the start."""
    every: PositiveInt
    """Epochs."""
    factor: Positive = 0.1

    def build(self) -> Schedule:
        """Return the steps."""
        from dawnbench.optim.schedules import Steps

        return Steps(self.rate, every=self.every, factor=self.factor)


@dataclass(frozen=True)
class PlateauSpec(SchedulePart, kind="plateau"):
    """Learning rate multiplied by a factor once the validation loss no longer falls."""

    rate: Finite
    """At the start."""
    factor: OpenFraction = 0.1
    patience: NonNegativeInt = 10
    """How many epochs in a row without a lower loss leave the rate as it is."""

    def build(self) -> Schedule:
        """Return the schedule, which has seen no loss yet."""
        from dawnbench.optim.schedules import Plateau

        return Plateau(self.rate, factor=self.factor, patience=self.patience)
