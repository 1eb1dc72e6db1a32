"""The weight averages that the library brings."""

from __future__ import annotations

from dataclasses import dataclass

from dawnbench.recipes.registry import AveragePart, register
from dawnbench.recipes.values import require


@dataclass(frozen=True)
class ExponentialAverageSpec(AveragePart):
    """An exponential moving average of the weights, which is what is evaluated."""

    momentum: float = 0.99
    """Kept a step."""
    every: int = 5
    """Steps between updates."""

    def __post_init__(self) -> None:
        """Refuse what is no average."""
        require(0 <= self.momentum < 1, f"average.momentum={self.momentum} must be at least 0 and below 1")
        require(self.every >= 1, f"average.every={self.every} must be at least 1")


@dataclass(frozen=True)
class LookaheadSpec(AveragePart):
    """Weights drawn back onto their own moving average, over the last steps."""

    last_steps: int = 20
    """How many steps before the end the average begins."""
    every: int = 4
    """Steps between two times that the weights are drawn back."""
    momentum: float = 0.7
    """Kept of the average each time."""

    def __post_init__(self) -> None:
        """Refuse what is no average."""
        require(0 <= self.momentum < 1, f"average.momentum={self.momentum} must be at least 0 and below 1")
        for name in ("last_steps", "every"):
            value = getattr(self, name)
            require(value >= 1, f"average.{name}={value} must be at least 1")


register("exponential", ExponentialAverageSpec, "dawnbench.optim.averaging:ExponentialAverage")
register("lookahead", LookaheadSpec, "dawnbench.optim.averaging:Lookahead")
