"""Several optimizers, each for some of a model's parameters, used as one."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.optim import Optimizer


class CombinedOptimizer:
    """Steps each of its optimizers in turn."""

    def __init__(self, *optimizers: Optimizer) -> None:
        self._optimizers = optimizers

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Return the groups of all optimizers."""
        return [group for optimizer in self._optimizers for group in optimizer.param_groups]

    @property
    def state(self) -> dict[Tensor, dict[str, Any]]:
        """Return the state of all optimizers by parameter; empty before a parameter's first step."""
        return {
            parameter: optimizer.state[parameter]
            for optimizer in self._optimizers
            for group in optimizer.param_groups
            for parameter in group["params"]
        }

    def step(self) -> None:
        """Step each optimizer."""
        for optimizer in self._optimizers:
            optimizer.step()

    def zero_grad(self) -> None:
        """Clear the gradients of each optimizer."""
        for optimizer in self._optimizers:
            optimizer.zero_grad()
