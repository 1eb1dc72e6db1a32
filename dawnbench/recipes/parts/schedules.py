"""The built-in learning-rate schedules."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from dawnbench.recipes.constraints import (
    Finite,
    FractionBelowOne,
    NonNegative,
    NonNegativeInt,
    OpenFraction,
    Positive,
    PositiveInt,
    require,
)
from dawnbench.recipes.part import ADDED_LATER, SchedulePart

if TYPE_CHECKING:
    from dawnbench.optim.schedules import Schedule

__all__ = ["MilestonesSpec", "PiecewiseLinearSpec", "PlateauSpec", "StepsSpec"]


@dataclass(frozen=True)
class PiecewiseLinearSpec(SchedulePart, kind="piecewise_linear"):
    """Learning rate that is linear between knots, stretched to the recipe's epochs."""

    epochs: tuple[Finite, ...]
    rates: tuple[Finite, ...]
    momenta: tuple[FractionBelowOne, ...] | None = field(default=None, metadata=ADDED_LATER)
    """The momentum at the knots (Adam's first beta); None keeps the optimizer's own."""

    def __post_init__(self) -> None:
        """Validate that the knots define a function of time."""
        super().__post_init__()
        knots = list(self.epochs)
        for name in ("rates", "momenta"):
            values = getattr(self, name)
            require(
                values is None or len(values) == len(knots) > 0,
                f"the schedule has {len(knots)} epochs and {len(values or ())} {name}; give equal numbers",
            )
        increasing = all(later > earlier for earlier, later in pairwise(knots))
        require(increasing and knots[-1] > 0, f"the schedule's epochs {knots} must increase and end above 0")

    def build(self) -> Schedule:
        """Return the piecewise linear schedule."""
        from dawnbench.optim.schedules import PiecewiseLinear

        return PiecewiseLinear(self.epochs, self.rates, self.momenta)


@dataclass(frozen=True)
class StepsSpec(SchedulePart, kind="steps"):
    """Learning rate multiplied by a factor at a fixed interval of epochs."""

    rate: Finite
    """The initial rate."""
    every: PositiveInt
    """Epochs between two changes."""
    factor: Positive = 0.1

    def build(self) -> Schedule:
        """Return the steps."""
        from dawnbench.optim.schedules import Steps

        return Steps(self.rate, every=self.every, factor=self.factor)


@dataclass(frozen=True)
class MilestonesSpec(SchedulePart, kind="milestones"):
    """Learning rate that rises linearly from 0, then falls by a factor at milestones; stretched to fit."""

    rate: Finite
    """After the warm-up."""
    epochs: Positive
    """The length in epochs, which is stretched to the recipe's epochs."""
    milestones: tuple[Positive, ...]
    """Times in epochs at which the rate falls."""
    factor: Positive = 0.1
    warm_up: NonNegative = 0.0
    """Epochs in which the rate rises from 0."""

    def __post_init__(self) -> None:
        """Validate that the times are in order."""
        super().__post_init__()
        times = [self.warm_up, *self.milestones, self.epochs]
        require(
            all(earlier <= later for earlier, later in pairwise(times)),
            f"schedule.milestones={list(self.milestones)} must be in order, after the warm-up of "
            f"{self.warm_up} epochs and within the schedule's {self.epochs}",
        )

    def build(self) -> Schedule:
        """Return the schedule."""
        from dawnbench.optim.schedules import Milestones

        return Milestones(self.rate, self.epochs, self.milestones, factor=self.factor, warm_up=self.warm_up)


@dataclass(frozen=True)
class PlateauSpec(SchedulePart, kind="plateau"):
    """Learning rate multiplied by a factor when the validation loss stops falling."""

    rate: Finite
    """The initial rate."""
    factor: OpenFraction = 0.1
    patience: NonNegativeInt = 10
    """Number of consecutive epochs without a lower loss that are tolerated."""

    def build(self) -> Schedule:
        """Return a schedule that has observed no loss yet."""
        from dawnbench.optim.schedules import Plateau

        return Plateau(self.rate, factor=self.factor, patience=self.patience)
