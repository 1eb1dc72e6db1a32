"""The built-in weight averages."""

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
    """An exponential moving average of the weights, which is evaluated instead of the trained model."""

    momentum: FractionBelowOne = 0.99
    """The fraction kept per step."""
    every: PositiveInt = 5
    """Steps between updates."""

    def build(self, model: nn.Module) -> Average:
        """Return an average of the model's weights and running statistics."""
        from dawnbench.optim.averaging import ExponentialAverage

        return ExponentialAverage(model, momentum=self.momentum, every=self.every)


@dataclass(frozen=True)
class LookaheadSpec(AveragePart, kind="lookahead"):
    """Weights pulled back to their own moving average during the last steps."""

    last_steps: PositiveInt = 20
    """Number of steps before the end at which the average starts."""
    every: PositiveInt = 4
    """Steps between two pulls."""
    momentum: FractionBelowOne = 0.7
    """The fraction of the average kept each time."""

    def build(self, model: nn.Module) -> Average:
        """Return an average that pulls back the model's own weights."""
        from dawnbench.optim.averaging import Lookahead

        return Lookahead(model, last_steps=self.last_steps, every=self.every, momentum=self.momentum)
