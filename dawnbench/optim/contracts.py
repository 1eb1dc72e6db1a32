"""The interfaces of optimizers, weight averages, losses and penalties, and the cross-entropy loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch.nn.functional as F
from torch import Tensor, nn


class GroupedOptimizer(Protocol):
    """An optimizer for a loss that is summed over the batch; torch's own optimizers qualify.

    Each group has `rate_scale`, a factor on the schedule's rate, and may have `until_epoch`: its rate falls
    linearly to 0 until that time, in epochs, and from then on its parameters are not trained. A group's `lr`
    may be a number or a 0-dimensional tensor. The state consists of tensors that start as zeros: a new trial
    zeroes them in place.

    An optimizer whose momentum a schedule may set also has `set_momentum(value)`, where the value is a number
    or a 0-dimensional tensor.
    """

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Return the groups, as torch's optimizers have them."""

    @property
    def state(self) -> Mapping[Any, dict[str, Any]]:
        """Return the state by parameter."""

    def step(self) -> Any:
        """Update the parameters."""

    def zero_grad(self) -> None:
        """Clear the gradients."""


class Average(Protocol):
    """An average of the weights during training; built once and restarted with every trial."""

    model: nn.Module
    """The model to be evaluated; it may be the trained one itself."""

    def begin(self) -> None:
        """Start from the trained model as it is now, in place."""

    def update(self, step: int, steps: int) -> None:
        """Update the average after step number `step`, counted from 1, of `steps`."""

    def tensors(self) -> list[Tensor]:
        """Return the tensors needed, besides the trained model, to resume from here."""

    def statistics(self) -> list[Tensor]:
        """Return those of them that are averages of running statistics, in which ranks may differ."""


class Loss(Protocol):
    """What training minimizes."""

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss in nats, summed over the batch: a tensor without dimensions.

        `logits` is (B, classes) float32 and `labels` (B,) int64.
        """


class Penalty(Protocol):
    """A penalty on the weights, for a loss that is summed over the batch."""

    def add_gradient(self) -> None:
        """Add the penalty's gradient to the parameters' own, in place and without reading any tensor.

        It is called after the backward pass, just before the optimizer's step: the gradients are final and,
        if the loss was scaled, unscaled again.
        """


class CrossEntropy:
    """Cross-entropy in nats.

    With label smoothing, the target spreads this fraction of its weight evenly over all classes
    (Szegedy et al. 2016, arXiv:1512.00567).
    """

    def __init__(self, label_smoothing: float) -> None:
        self.label_smoothing = label_smoothing

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the sum, a scalar, from logits (B, classes) in float32 and labels (B,) in int64."""
        return F.cross_entropy(logits, labels, reduction="sum", label_smoothing=self.label_smoothing)
