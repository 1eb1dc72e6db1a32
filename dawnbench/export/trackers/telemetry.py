"""The telemetry of a trial, reduced to what a chart can show."""

from __future__ import annotations

import numpy as np

from dawnbench.export.trackers.metrics import finite, with_unit
from dawnbench.export.trackers.tracker import Point
from dawnbench.records.samples import Samples
from dawnbench.records.schema import TrialRecord

MAX_POINTS = 240
"""The limit for one trial; 20 samples per second would store more than a screen has pixels for."""


def telemetry_points(samples: Samples, trial: TrialRecord, began: float) -> list[Point]:
    """Return the means over equal stretches of the trial, each at the mean time of its samples.

    A stretch without samples gives no point; `began` is in seconds since 1970.
    """
    own = samples.of_trial(trial)
    if own is None:
        return []
    units = {
        name: reading.unit for name, reading in (trial.telemetry.readings if trial.telemetry else {}).items()
    }
    ends = np.linspace(0, (trial.wall_seconds or 0) * 1e9, min(MAX_POINTS, len(own)) + 1)[1:-1]
    points = []
    for stretch in np.split(np.arange(len(own)), np.searchsorted(own.t_ns, ends)):
        if len(stretch) == 0:
            continue
        since = float(own.t_ns[stretch].mean()) / 1e9
        figures = {
            f"telemetry/{with_unit(metric, units[metric])}": _mean(column[stretch])
            for metric, column in own.values.items()
            if metric in units
        }
        points.append(Point(round(since * 1000), began + since, finite(figures)))
    return points


def _mean(values: np.ndarray) -> float | None:
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else None
