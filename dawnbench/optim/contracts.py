"""What a recipe's parts build, as the training loop takes it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from dawnbench.optim.schedules import Schedule
from dawnbench.train.plan import Average, GroupedOptimizer

__all__ = ["Average", "GroupedOptimizer", "Loss", "Schedule"]


class Loss(Protocol):
    """What training makes small."""

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss summed over the batch, a scalar.

        `logits` are (B, classes) in float32, `labels` (B,) in int64.
        """
