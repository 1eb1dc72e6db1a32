"""Averages of the weights along the way."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn


class ExponentialAverage:
    """An exponential moving average of a model's weights and running statistics.

    torch's `AveragedModel` asks the device for its update count at each step, which would stop the host.
    """

    def __init__(self, model: nn.Module, momentum: float, every: int) -> None:
        self.model = deepcopy(model)
        """The averaged model, to be evaluated in the trained one's place."""
        self._every = every
        self._weight = 1 - momentum**every
        self._averaged = self._tensors(self.model)
        self._trained = self._tensors(model)

    @staticmethod
    def _tensors(model: nn.Module) -> list[torch.Tensor]:
        return [t.detach() for t in model.state_dict().values() if t.is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the trained model after step number `step`, counted from 1."""
        if step % self._every == 0:
            torch._foreach_lerp_(self._averaged, self._trained, self._weight)
