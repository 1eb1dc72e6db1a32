"""The test accuracies of several models by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dawnbench.records.reader import Run
from dawnbench.report.charts.chart import Axis, Scale
from dawnbench.report.charts.epochs import EPOCH
from dawnbench.stats.write_up_results import typical_trial

MIN_ERROR_RATIO = 4.0
"""If the largest error is this many times the smallest, a linear axis would crowd the best epochs."""


@dataclass(frozen=True, slots=True)
class ModelCurve:
    """The trial that stands for one model."""

    name: str
    epochs: Sequence[int]
    accuracies: Sequence[float]
    """Percent, by epoch."""
    target: float
    """Percent."""


@dataclass(frozen=True, slots=True)
class SeriesChart:
    """The curves of several models, each with its target."""

    title: str
    x: Axis
    y: Axis
    curves: Sequence[ModelCurve]
    """At least one."""

    @property
    def values(self) -> list[float]:
        """All accuracies and targets."""
        return [value for curve in self.curves for value in (*curve.accuracies, curve.target)]


def series_chart(runs: Sequence[Run], names: Sequence[str], rule: str) -> SeriesChart | None:
    """Return the test accuracy of each run's median trial by epoch, with its target; None without an epoch.

    The axis is logarithmic in the error if the models come close to 100 % and started far from it.
    """
    found = (_curve(run, name, rule) for run, name in zip(runs, names, strict=True))
    curves = [curve for curve in found if curve is not None]
    if not curves:
        return None
    errors = [100 - value for curve in curves for value in (*curve.accuracies, curve.target)]
    smallest = min((error for error in errors if error > 0), default=100.0)
    scale: Scale = "linear" if max(errors) / smallest < MIN_ERROR_RATIO else "error"
    return SeriesChart("Test accuracy by epoch", EPOCH, Axis("test accuracy", "%", scale=scale), curves)


def _curve(run: Run, name: str, rule: str) -> ModelCurve | None:
    number = typical_trial(run, rule)
    if number is None:
        return None
    epochs = run.epochs_of(number)
    accuracies = [100 * epoch.validation_accuracy for epoch in epochs]
    return ModelCurve(name, [epoch.epoch for epoch in epochs], accuracies, 100 * run.record.target)
