"""What a trial needs, already built: the face that the training room shows to the rooms above it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Split:
    """Images and labels of one split, both on one device."""

    images: Tensor
    """(N, H, W, C) uint8."""
    labels: Tensor
    """(N,) int64."""


@dataclass(frozen=True)
class Evaluation:
    """How validation accuracy is measured."""

    batch_size: int
    flip: bool
    """Whether the logits are the mean over each image and its mirror image."""
    shift: int = 0
    """Pixels by which two further views are shifted; together they weigh one half. 0 for none."""
    tta_images: int | None = None
    """How many images are shifted, those whose two highest logits lie closest; None shifts all."""
    tta_last_epoch_only: bool = False
    """Whether mirrored and shifted views are taken in the last epoch only."""


class Batches(Protocol):
    """The training images, batch by batch."""

    def epoch(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images (B, C, size, size) normalised, labels (B,))."""


class Average(Protocol):
    """An average of the weights along the way."""

    model: nn.Module
    """What is evaluated; it may be the trained model itself."""

    def update(self, step: int, steps: int) -> None:
        """Take in the trained model after step number `step`, counted from 1, of `steps`."""


class GroupedOptimizer(Protocol):
    """What the training loop asks of an optimizer; torch's own answer it.

    Each group has `rate_scale`, the factor on the schedule's rate, and may have `until_epoch`: until that
    time, in epochs, its rate falls to 0 in a straight line, and from then on its parameters are not trained.
    It has `betas` where a schedule may set the momentum, which is their first.
    The state consists of tensors that begin as zeros: a new trial zeroes them.
    """

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Return the groups, as torch's optimizers have them."""

    @property
    def state(self) -> Mapping[Any, dict[str, Any]]:
        """Return the state by parameter."""

    def step(self) -> Any:
        """Change the parameters by their gradients."""

    def zero_grad(self) -> None:
        """Forget the gradients."""


class Schedule(Protocol):
    """The learning rate of one trial."""

    def __call__(self, epoch: float) -> float:
        """Return the rate at a time counted in epochs from 0."""

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at that time; None leaves the optimizer's own."""

    @property
    def is_precomputable(self) -> bool:
        """Return whether the rates depend on nothing that happens in training."""

    def observe_validation_loss(self, loss: float) -> None:
        """Take in the mean validation loss at the end of an epoch."""


Normalize = Callable[[Tensor], Tensor]
"""From uint8 images (N, H, W, C) to the network's input (N, C, H, W)."""


@dataclass(frozen=True)
class Plan:
    """One recipe, built for one device and one data set."""

    model: nn.Module
    """On the device; each module that has weights knows how to `reset_parameters`."""
    forward: Callable[[Tensor], Tensor]
    """The model, or what a compiler made of it."""
    epochs: int
    batch_size: int
    steps_per_epoch: int
    label_smoothing: float
    precision: str
    target: float
    """Validation accuracy, 0 to 1."""
    evaluation: Evaluation
    make_schedule: Callable[[], Schedule]
    """A new one for each trial, as it may learn from what it sees."""
    resolution: Callable[[int], int]
    """The training images' height and width in an epoch counted from 0."""
    place: Callable[[Split], Split]
    """Brings a split from host memory to the device, in the size that the model takes."""
    make_normalization: Callable[[Split], Normalize]
    """From the training split on the device."""
    fit: Callable[[Split, Normalize], None]
    """Computes the model's fixed parts from the training split."""
    make_batches: Callable[[Split, Normalize, torch.Generator], Batches]
    make_optimizer: Callable[[], GroupedOptimizer]
    make_average: Callable[[], Average] | None
    capture: bool = True
    """Whether steps are captured where the device can replay them."""

    @property
    def steps(self) -> int:
        """Of one trial."""
        return self.epochs * self.steps_per_epoch
