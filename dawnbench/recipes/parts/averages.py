"""The weight averages that the library brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dawnbench.recipes.constraints import FractionBelowOne, PositiveInt
from dawnbench.recipes.part import AveragePart

if TYPE_CHECKING:
    from torch import nn

    from dawnbench.optim.contracts import Average

__all__ = ["ExponentialAverageSpec", "LookaheadSpec"]


@dataclass(frozen=True)
class ExponentialAverageSpec(AveragePart, kind="exponential"):
    """An exponential moving average of the weights, which is what is evaluated."""

    momentum: FractionBelowOne = 0.99
    """Kept a step."""
    every: PositiveInt = 5
    """Steps between updates."""

    def build(self, model: nn.Module) -> Average:
        """Return an average of the model's weights and running statistics."""
        from dawnbench.optim.averaging import ExponentialAverage

        return ExponentialAverage(model, momentum=self.momentum, every=self.every)


@dataclass(frozen=True)
class LookaheadSpec(AveragePart, kind="lookahead"):
    """Weights drawn back onto their own moving average, over the last steps."""

    last_steps: PositiveInt = 20
    """How many steps before the end the average begins."""
    every: PositiveInt = 4
    """Steps between two times that the weights are drawn back."""
    momentum: FractionBelowOne = 0.7
    """Kept of the average each time."""

    def build(self, model: nn.Module) -> Average:
        """Return what draws the model's own weights back."""
        from dawnbench.optim.averaging import Lookahead

        return Lookahead(model, last_steps=self.last_steps, every=self.every, momentum=self.momentum)
