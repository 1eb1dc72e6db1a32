"""What the epochs of a trial show: its accuracy, how far training runs ahead, whether it sticks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from dawnbench.records.schema import EpochRecord

LAST = 5
"""Epochs at the end of a trial, in each of which an accuracy that sticks is at the target."""
SURE = 2.0
"""Standard errors beyond which a gap is more than the luck of which images were drawn."""

Standing = Literal["never", "at the end", "throughout", "last", "falls"]
"""never: the target was not reached; at the end: in the last epoch for the first time; throughout: at or
above it in every epoch from the first that reached it on; last: it fell below again, but was at or above it
in each of the last epochs; falls: it fell below again, and did not come back for so long."""
Lead = Literal["ahead", "behind", "level"]
"""Of training over validation accuracy, beyond what chance explains."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several trials, in its own unit."""

    mean: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Training minus validation accuracy, -1 to 1, over the epochs of a trial or their mean over several."""

    first: float
    greatest: float
    greatest_epoch: int
    """Counted from 1; the earliest of equals."""
    last: float
    standard_error: float
    """Of the last one, from the numbers of images."""
    by_epoch: tuple[float, ...]

    @property
    def chance(self) -> float:
        """How far from zero chance alone may bring the last one."""
        return SURE * self.standard_error

    @property
    def lead(self) -> Lead:
        """Whether training is ahead at the end, behind, or no farther off than chance explains."""
        if abs(self.last) <= self.chance:
            return "level"
        return "ahead" if self.last > 0 else "behind"


@dataclass(frozen=True, slots=True)
class Course:
    """A trial as its epochs tell it; accuracies are from 0 to 1."""

    trial: int
    epochs: int
    best_train: float
    best_validation: float
    best_epoch: int
    """The first with the best validation accuracy, counted from 1."""
    last_train: float
    last_validation: float
    reached: int | None
    """The first epoch at or above the target, counted from 1."""
    at_target: int
    """Epochs at or above the target."""
    falls: int
    """How often the accuracy fell from at or above the target to below it."""
    standing: Standing
    epoch_seconds: float
    """Of training, the median over the epochs; NaN where no epoch has a time."""


def train_accuracy(epoch: EpochRecord) -> float:
    """Return the fraction of training images classified rightly, counted in training mode."""
    return epoch.train_correct / epoch.train_images


def course(epochs: Sequence[EpochRecord], target: float) -> Course:
    """Return what the epochs of one trial, in order and at least one, show against a target (0 to 1)."""
    validation = [epoch.validation_accuracy for epoch in epochs]
    above = [accuracy >= target for accuracy in validation]
    falls = sum(before and not after for before, after in pairwise(above))
    best = max(validation)
    timed = [epoch.train_seconds for epoch in epochs if epoch.train_seconds is not None]
    return Course(
        trial=epochs[0].trial,
        epochs=len(epochs),
        best_train=max(map(train_accuracy, epochs)),
        best_validation=best,
        best_epoch=epochs[validation.index(best)].epoch,
        last_train=train_accuracy(epochs[-1]),
        last_validation=validation[-1],
        reached=epochs[above.index(True)].epoch if any(above) else None,
        at_target=sum(above),
        falls=falls,
        standing=_standing(above, falls),
        epoch_seconds=statistics.median(timed) if timed else math.nan,
    )


def _standing(above: Sequence[bool], falls: int) -> Standing:
    if not any(above):
        return "never"
    if not falls:
        return "throughout" if sum(above) > 1 else "at the end"
    return "last" if len(above) >= LAST and all(above[-LAST:]) else "falls"


def gap(trials: Sequence[Sequence[EpochRecord]]) -> Gap:
    """Return the gap by epoch, the mean over trials of at least one epoch each, as far as all of them went.

    The standard error takes each image for a draw: sqrt(p (1 - p) / n) for a fraction p of n images.
    """
    by_epoch = [list(at_once) for at_once in zip(*trials, strict=False)]
    gaps = [statistics.fmean(train_accuracy(e) - e.validation_accuracy for e in some) for some in by_epoch]
    greatest = max(gaps)
    return Gap(
        first=gaps[0],
        greatest=greatest,
        greatest_epoch=by_epoch[gaps.index(greatest)][0].epoch,
        last=gaps[-1],
        standard_error=_standard_error(by_epoch[-1]),
        by_epoch=tuple(gaps),
    )


def _standard_error(at_end: Sequence[EpochRecord]) -> float:
    """Return that of the mean gap; the trials see the same images, so that more trials do not lessen it."""
    first = at_end[0]
    train = statistics.fmean(map(train_accuracy, at_end))
    validation = statistics.fmean(epoch.validation_accuracy for epoch in at_end)
    return math.sqrt(
        train * (1 - train) / first.train_images + validation * (1 - validation) / first.validation_images
    )


def spread(figures: Sequence[float]) -> Spread:
    """Return the mean of at least one figure, the least and the most."""
    least, most = min(figures), max(figures)
    # A mean of equal figures may come out beside them by one rounding.
    return Spread(min(max(statistics.fmean(figures), least), most), least, most)
