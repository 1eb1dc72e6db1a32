"""Hooks of a trial: what happens after a step or an epoch besides training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from dawnbench.optim.contracts import Average
from dawnbench.optim.schedules import Schedule


@dataclass(frozen=True)
class EpochResult:
    """The results of one epoch."""

    epoch: int
    """Counted from 1."""
    learning_rate: float
    """The schedule's, at the epoch's first step."""
    train_loss: float
    """The mean of the batch means, in nats."""
    last_batch_loss: float
    """The mean over the images of the last batch, in nats."""
    train_correct: int
    train_images: int
    validation_loss: float
    """The mean over the images, in nats."""
    validation_correct: int
    validation_images: int
    validation_top5: int | None = None
    """Images whose class is among the five with the highest logits; None if not counted."""


class Progress(Protocol):
    """The progress of a trial, as its hooks see it."""

    epoch: int
    """Completed epochs."""

    @property
    def steps(self) -> int:
        """Number of steps of the whole trial."""

    @property
    def is_last_epoch(self) -> bool:
        """Whether the epoch just trained is the recipe's last."""

    @property
    def is_within_epoch(self) -> bool:
        """Whether the epoch under way has steps behind it and steps ahead."""

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to resume after the last complete step: tensors, numbers and text."""


class Hook:
    """An extension of a trial: a mask on the weights, an average, a checkpoint, a recorder.

    Subclass it and override what you need. `after_step` counts toward the segment `train` and must not make
    the host wait for the device; `after_epoch` counts toward the segment named by `segment`.
    """

    segment = "record"
    """One of `dawnbench.records.rules.SEGMENTS`."""

    def trial_began(self, trial: Progress) -> None:
        """Start over with fresh weights, before training begins. Counts toward the segment `init`."""

    def after_step(self, trial: Progress, step: int) -> None:
        """Act after step number `step` of the trial, counted from 1."""

    def is_due(self, trial: Progress) -> bool:
        """Return whether `after_epoch` has something to do after the epoch just trained."""
        return True

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Act after an epoch was trained and evaluated, if due."""

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to resume from here, as tensors, numbers and text."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from what `state_dict` returned."""


class AverageHook(Hook):
    """Updates an average of the weights."""

    def __init__(self, average: Average) -> None:
        self._average = average

    def trial_began(self, trial: Progress) -> None:
        """Start the average from the fresh weights."""
        self._average.begin()

    def after_step(self, trial: Progress, step: int) -> None:
        """Update the average with the trained weights."""
        self._average.update(step, trial.steps)

    def state_dict(self) -> dict[str, Any]:
        """Return the average's tensors."""
        return {"tensors": [tensor.clone() for tensor in self._average.tensors()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the average's tensors."""
        for target, tensor in zip(self._average.tensors(), state["tensors"], strict=True):
            target.copy_(tensor)


class ScheduleHook(Hook):
    """Passes the validation losses to a schedule whose rates may depend on them."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def after_epoch(self, trial: Progress, result: EpochResult) -> None:
        """Pass on the mean validation loss."""
        self._schedule.observe_validation_loss(result.validation_loss)

    def state_dict(self) -> dict[str, Any]:
        """Return the schedule's record of the losses observed so far."""
        return self._schedule.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the schedule's record."""
        self._schedule.load_state_dict(state)
