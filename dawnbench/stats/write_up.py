"""What a trial's epochs show: accuracy, the gap between training and validation, whether the target holds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from dawnbench.records.schema import EpochRecord

LAST = 5
"""Final epochs that must all be at the target for its accuracy to count as held."""
SURE = 2.0
"""Standard errors beyond which a gap is more than chance in which images were drawn."""

Standing = Literal["never", "at the end", "throughout", "last", "falls"]
"""never: the target was not reached; at the end: only in the last epoch; throughout: at or above it in every
epoch from the first that reached it; last: it fell below again, but was at or above it in each of the last
`LAST` epochs; falls: it fell below again and was not back for that long."""
Lead = Literal["ahead", "behind", "level"]
"""Whether training accuracy is above validation accuracy by more than chance explains."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A value over several trials, in its own unit."""

    mean: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Training minus validation accuracy, -1 to 1, by epoch, for one trial or as the mean of several."""

    first: float
    greatest: float
    greatest_epoch: int
    """Counted from 1; the earliest one if several are equal."""
    last: float
    standard_error: float
    """Of `last`, from the numbers of images."""
    by_epoch: tuple[float, ...]

    @property
    def chance(self) -> float:
        """How far from zero chance alone may take `last`."""
        return SURE * self.standard_error

    @property
    def lead(self) -> Lead:
        """Whether training is ahead or behind at the end, or level as far as chance explains."""
        if abs(self.last) <= self.chance:
            return "level"
        return "ahead" if self.last > 0 else "behind"


@dataclass(frozen=True, slots=True)
class Course:
    """A trial's course over its epochs; accuracies are from 0 to 1."""

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
    """How often the accuracy fell back below the target."""
    standing: Standing
    epoch_seconds: float
    """Median training time of an epoch; NaN if no epoch has a time."""


def train_accuracy(epoch: EpochRecord) -> float:
    """Return the fraction of training images classified correctly, counted in training mode."""
    return epoch.train_correct / epoch.train_images


def course(epochs: Sequence[EpochRecord], target: float) -> Course:
    """Return the course of one trial with a target of 0 to 1; `epochs` are in order, at least one."""
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
    """Return the mean gap by epoch over trials of at least one epoch each, up to the shortest trial's end.

    The standard error treats each image as a draw: sqrt(p (1 - p) / n) for a fraction p of n images.
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
    """Return the mean gap's; more trials do not reduce it, since all trials see the same images."""
    first = at_end[0]
    train = statistics.fmean(map(train_accuracy, at_end))
    validation = statistics.fmean(epoch.validation_accuracy for epoch in at_end)
    return math.sqrt(
        train * (1 - train) / first.train_images + validation * (1 - validation) / first.validation_images
    )


def spread(values: Sequence[float]) -> Spread:
    """Return the mean, minimum and maximum of at least one value."""
    least, most = min(values), max(values)
    # Rounding may put the mean of equal values just beside them.
    return Spread(min(max(statistics.fmean(values), least), most), least, most)
