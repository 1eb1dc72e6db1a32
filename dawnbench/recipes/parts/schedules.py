"""The learning-rate schedules that the library brings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from dawnbench.recipes.registry import SchedulePart, register
from dawnbench.recipes.values import require


@dataclass(frozen=True)
class PiecewiseLinearSpec(SchedulePart):
    """Learning rate in straight lines between knots; stretched where `epochs` is not the last knot's."""

    epochs: tuple[float, ...]
    rates: tuple[float, ...]

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


register("piecewise_linear", PiecewiseLinearSpec, "dawnbench.optim.schedules:PiecewiseLinear")
