"""Several optimizers, each for some of a model's parameters, that step as one."""

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
        """Return the groups of all."""
        return [group for optimizer in self._optimizers for group in optimizer.param_groups]

    @property
    def state(self) -> dict[Tensor, dict[str, Any]]:
        """Return the state of all, by parameter; empty where no step was taken yet."""
        return {
            parameter: optimizer.state[parameter]
            for optimizer in self._optimizers
            for group in optimizer.param_groups
            for parameter in group["params"]
        }

    def step(self) -> None:
        """Step each."""
        for optimizer in self._optimizers:
            optimizer.step()

    def zero_grad(self) -> None:
        """Forget the gradients of each."""
        for optimizer in self._optimizers:
            optimizer.zero_grad()
