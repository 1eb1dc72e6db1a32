"""Runs at different batch sizes, widths and thread counts, and the scaling laws fitted to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median
from typing import Literal

from dawnbench.records.reader import Run
from dawnbench.stats.power_law import AmdahlLaw, PowerLaw, fit_amdahl, fit_power_law

Axis = Literal["batch", "width", "threads"]
AXES: tuple[Axis, ...] = ("batch", "width", "threads")
SAME_MEMORY = 1e-3
"""Predictions that differ by a smaller fraction count as equal."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A run's place in the study."""

    batch: int
    """Images per step."""
    width: float
    """Factor on the recipe's own widths."""
    threads: int
    """CPU threads."""

    def __str__(self) -> str:
        return f"batch {self.batch}, width {self.width:g}, threads {self.threads}"


@dataclass(frozen=True, slots=True)
class ScalePoint:
    """One run of a scaling study; a value is None if the run did not get that far."""

    setting: Setting
    folder: str | None
    """The run folder; None if the run ended before it made one."""
    trouble: str | None
    """Why there are no results."""
    epoch_seconds: float | None = None
    """Median training time of an epoch, without a trial's first epoch if it has more than one."""
    images_per_second: float | None = None
    peak_memory_bytes: int | None = None
    predicted_memory_bytes: int | None = None
    accuracy: float | None = None
    """Validation accuracy after the last epoch, 0 to 1; the mean over the trials."""
    accuracies: tuple[float, ...] = ()
    """That of each trial that has one; every trial has its own seed."""

    @property
    def prediction_error(self) -> float | None:
        """The prediction over the measured peak, minus 1."""
        if self.peak_memory_bytes is None or self.predicted_memory_bytes is None:
            return None
        return self.predicted_memory_bytes / self.peak_memory_bytes - 1


@dataclass(frozen=True, slots=True)
class AxisStudy:
    """The points along one axis, all else being equal, and the law that an epoch's time follows along it."""

    axis: Axis
    points: tuple[ScalePoint, ...]
    """Those with a time, in ascending order."""
    law: PowerLaw | AmdahlLaw | None
    """Amdahl's law for threads, otherwise a power law; None with fewer than two values."""

    def values(self) -> tuple[float, ...]:
        """Return the points' places along the axis."""
        return tuple(getattr(point.setting, self.axis) for point in self.points)

    def times(self) -> tuple[float, ...]:
        """Return the points' seconds per epoch."""
        return tuple(p.epoch_seconds for p in self.points if p.epoch_seconds is not None)


@dataclass(frozen=True, slots=True)
class ScalingStudy:
    """A recipe's runs at different sizes on one device."""

    recipe_name: str
    device_name: str
    points: tuple[ScalePoint, ...]
    """In the order in which they were measured."""
    axes: tuple[AxisStudy, ...]
    """Those that were requested."""
    interrupted: bool = False
    """Whether the study ended before its last point."""
    samples_peak: bool = False
    """Whether the device's peak memory is sampled, as on a CPU, so that a short peak can be missed."""

    @property
    def shows_spread(self) -> bool:
        """Whether any point has the accuracies of several seeds; one cannot tell a trend from luck."""
        return any(len(point.accuracies) > 1 for point in self.points)


def point_of(setting: Setting, run: Run) -> ScalePoint:
    """Return a run's point."""
    last = {epoch.trial: epoch.epoch for epoch in run.epochs}
    later = [(e.train_images, e.train_seconds) for e in run.epochs if e.epoch > 1 or last[e.trial] == 1]
    timed = [(images, seconds) for images, seconds in later if seconds]
    peaks = [t.peak_memory_bytes for t in run.trials if t.peak_memory_bytes is not None]
    accuracies = [t.accuracy for t in run.trials if t.accuracy is not None]
    reasons = [t.reason for t in run.trials if t.reason is not None]
    return ScalePoint(
        setting=setting,
        folder=str(run.folder),
        trouble=reasons[0] if reasons else None if later else "the run ended before it finished an epoch",
        epoch_seconds=median(seconds for _, seconds in timed) if timed else None,
        images_per_second=median(images / seconds for images, seconds in timed) if timed else None,
        peak_memory_bytes=max(peaks, default=None),
        predicted_memory_bytes=run.record.predicted_memory_bytes,
        accuracy=fmean(accuracies) if accuracies else None,
        accuracies=tuple(accuracies),
    )


def same_predictions(along: AxisStudy) -> tuple[float, ...]:
    """Return the places along an axis whose predicted memory is the same as at a neighbour's."""
    places = list(zip(along.values(), (p.predicted_memory_bytes for p in along.points), strict=True))
    known = [(value, bytes_) for value, bytes_ in places if bytes_]
    pairs = [(a, b) for (a, i), (b, j) in pairwise(known) if abs(i / j - 1) < SAME_MEMORY]
    return tuple(dict.fromkeys(value for pair in pairs for value in pair))


def study_axis(axis: Axis, points: Sequence[ScalePoint]) -> AxisStudy:
    """Return the largest set of points that differ along this axis only, and their law."""
    timed = [point for point in points if point.epoch_seconds is not None]
    sets: dict[tuple[float, ...], dict[float, ScalePoint]] = {}
    for point in timed:
        others = tuple(getattr(point.setting, other) for other in AXES if other != axis)
        sets.setdefault(others, {})[getattr(point.setting, axis)] = point
    chosen = max(sets.values(), key=len, default={})
    along = AxisStudy(axis, tuple(chosen[value] for value in sorted(chosen)), None)
    fit = fit_amdahl if axis == "threads" else fit_power_law
    return replace(along, law=fit(along.values(), along.times()))
