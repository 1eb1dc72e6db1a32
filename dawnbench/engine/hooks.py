"""Guests of a trial: what happens after a step or an epoch besides training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from dawnbench.optim.contracts import Average
from dawnbench.optim.schedules import Schedule


@dataclass(frozen=True)
class EpochResult:
    """What one epoch came to."""

    epoch: int
    """Counted from 1."""
    learning_rate: float
    """The schedule's, at the epoch's first step."""
    train_loss: float
    """The mean of the batches' means, in nats."""
    last_batch_loss: float
    """The mean over the images of the last batch, in nats."""
    train_correct: int
    train_images: int
    validation_loss: float
    """The mean over the images, in nats."""
    validation_correct: int
    validation_images: int


class Progress(Protocol):
    """How far a trial has come, as its guests see it."""

    epoch: int
    """Epochs that were trained to their end."""

    @property
    def steps(self) -> int:
        """Steps of the whole trial."""

    @property
    def is_last_epoch(self) -> bool:
        """Whether the epoch that was trained last is the recipe's last."""


class Hook:
    """A guest of a trial: a mask on the weights, an average, a checkpoint, a recorder.

    Derive from it and override what is needed. What `after_step` does is part of the segment `train`, and may
    not make the host wait for the device; what `after_epoch` does is part of the segment named by `segment`.
    """

    segment = "record"
    """One of `dawnbench.records.rules.SEGMENTS`."""

    def trial_began(self, trial: Progress) -> None:
        """Start over with fresh weights, before anything is trained. Part of the segment `init`."""

    def after_step(self, trial: Progress, step: int) -> None:
        """Act after step number `step` of the trial, counted from 1."""

    def is_due(self, trial: Progress) -> bool:
        """Return whether `after_epoch` has something to do after the epoch that was trained last."""
        return True

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Act after an epoch was trained and evaluated, if that is due."""

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to go on from here, as tensors, numbers and text."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""


class AverageHook(Hook):
    """Keeps an average of the weights up to date."""

    def __init__(self, average: Average) -> None:
        self._average = average

    def trial_began(self, trial: Progress) -> None:
        """Start the average from the fresh weights."""
        self._average.begin()

    def after_step(self, trial: Progress, step: int) -> None:
        """Take in the trained weights."""
        self._average.update(step, trial.steps)

    def state_dict(self) -> dict[str, Any]:
        """Return the average's tensors."""
        return {"tensors": [tensor.clone() for tensor in self._average.tensors()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Fill the average's tensors."""
        for place, tensor in zip(self._average.tensors(), state["tensors"], strict=True):
            place.copy_(tensor)


class ScheduleHook(Hook):
    """Tells a schedule the validation losses that its rates may depend on."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Tell the mean validation loss."""
        self._schedule.observe_validation_loss(result.validation_loss)

    def state_dict(self) -> dict[str, Any]:
        """Return the losses observed so far, as the schedule keeps them."""
        return self._schedule.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Give the schedule back what it knew."""
        self._schedule.load_state_dict(state)
