"""A scaling study as three runs leave it."""

from __future__ import annotations

from typing import Any

from dawnbench.stats.scaling_laws import AXES, Axis, ScalePoint, ScalingStudy, Setting, study_axis


def point(batch: int, seconds: float | None, **changes: Any) -> ScalePoint:
    at = Setting(batch, changes.pop("width", 1.0), changes.pop("threads", 2))
    rate = None if seconds is None else 50_000 / seconds
    seeds = {"accuracy": 0.9123, "accuracies": (0.9073, 0.9173)}
    figures = {"trouble": None, "folder": "runs/one"} | seeds | changes
    return ScalePoint(setting=at, epoch_seconds=seconds, images_per_second=rate, **figures)


def one_seed(batch: int, seconds: float | None, **changes: Any) -> ScalePoint:
    return point(batch, seconds, accuracies=(0.9123,), **changes)


def study(*points: ScalePoint, axes: tuple[Axis, ...] = AXES, name: str = "davidnet") -> ScalingStudy:
    points = points or (
        point(256, 40.0, peak_memory_bytes=10**9, predicted_memory_bytes=98 * 10**7),
        point(512, 20.0, peak_memory_bytes=2 * 10**9, predicted_memory_bytes=21 * 10**8),
        point(1024, 10.0),
        point(512, 40.0, threads=1),
    )
    return ScalingStudy(name, "AMD EPYC", points, tuple(study_axis(axis, points) for axis in axes))
