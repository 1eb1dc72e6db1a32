"""Averages of the weights during training."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn


class ExponentialAverage:
    """An exponential moving average of a model's weights and running statistics.

    torch's `AveragedModel` reads its update count from the device at each step, which makes the host wait.
    """

    def __init__(self, model: nn.Module, momentum: float, every: int) -> None:
        self.model = deepcopy(model)
        """The averaged model, which is evaluated instead of the trained one."""
        self._every = every
        self._weight = 1 - momentum**every
        self._all = list(zip(_tensors(self.model), _tensors(model), strict=True))
        self._averaged = _floating(self.model)
        self._trained = _floating(model)

    @torch.no_grad()
    def begin(self) -> None:
        """Start from the trained model as it is now."""
        for averaged, trained in self._all:
            averaged.copy_(trained)

    @torch.no_grad()
    def update(self, step: int, steps: int) -> None:
        """Move towards the trained model after step number `step`, counted from 1, of `steps`."""
        if step % self._every == 0:
            torch._foreach_lerp_(self._averaged, self._trained, self._weight)

    def tensors(self) -> list[Tensor]:
        """Return the averaged model's weights and buffers."""
        return [averaged for averaged, _ in self._all]

    def statistics(self) -> list[Tensor]:
        """Return the averaged model's buffers."""
        return list(self.model.buffers())


class Lookahead:
    """Pulls the weights back to their own moving average every few steps, near the end of training.

    After Zhang et al. 2019 (arXiv:1907.08610); the running statistics are averaged as well. The trained model
    is the one to be evaluated.
    """

    def __init__(self, model: nn.Module, last_steps: int, every: int, momentum: float) -> None:
        self.model = model
        self._last_steps, self._every, self._weight = last_steps, every, 1 - momentum
        self._trained = _floating(model)
        self._averaged = [t.clone() for t in self._trained]

    @torch.no_grad()
    def begin(self) -> None:
        """Start from the trained model as it is now."""
        torch._foreach_copy_(self._averaged, self._trained)

    @torch.no_grad()
    def update(self, step: int, steps: int) -> None:
        """Record or pull back the model after step number `step`, counted from 1, of `steps`."""
        since = step - (steps - self._last_steps)
        if since == 0:
            torch._foreach_copy_(self._averaged, self._trained)
        elif since > 0 and since % self._every == 0:
            torch._foreach_lerp_(self._averaged, self._trained, self._weight)
            torch._foreach_copy_(self._trained, self._averaged)

    def tensors(self) -> list[Tensor]:
        """Return the average."""
        return self._averaged

    def statistics(self) -> list[Tensor]:
        """Return the averages of the running statistics."""
        return self._averaged[sum(p.is_floating_point() for p in self.model.parameters()) :]


def _tensors(model: nn.Module) -> list[Tensor]:
    # Unlike a state_dict: tied weights once, and buffers that are not saved as well.
    return [t.detach() for t in (*model.parameters(), *model.buffers())]


def _floating(model: nn.Module) -> list[Tensor]:
    return [t for t in _tensors(model) if t.is_floating_point()]
