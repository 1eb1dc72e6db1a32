"""What a trial needs, already built: the face that the training room shows to the rooms above it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


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


class Batches(Protocol):
    """The training images, batch by batch."""

    def epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images (B, C, H, W) normalised, labels (B,))."""


class Average(Protocol):
    """An average of the weights along the way."""

    model: nn.Module

    def update(self, step: int) -> None:
        """Take in the trained model after step number `step`, counted from 1."""


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
    schedule: Callable[[float], float]
    """The learning rate at a time counted in epochs from 0."""
    place: Callable[[Split], Split]
    """Brings a split from host memory to the device, in the size that the model takes."""
    make_normalization: Callable[[Split], Normalize]
    """From the training split on the device."""
    fit: Callable[[Split, Normalize], None]
    """Computes the model's fixed parts from the training split."""
    make_batches: Callable[[Split, Normalize, torch.Generator], Batches]
    make_optimizer: Callable[[], Optimizer]
    """Each of its groups has a `rate_scale`, the factor on the schedule's rate."""
    make_average: Callable[[], Average] | None

    @property
    def steps(self) -> int:
        """Of one trial."""
        return self.epochs * self.steps_per_epoch
