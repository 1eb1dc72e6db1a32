"""The samples of each trial, thinned to what a chart can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from dawnbench.records.bounds import MAX_FIGURE
from dawnbench.records.reader import Run
from dawnbench.records.samples import Samples
from dawnbench.records.schema import TrialRecord
from dawnbench.report.units import metric_name
from dawnbench.safe_text import plain

MAX_POINTS = 1_500
"""A trial and metric; a chart on a wide screen has about as many pixels."""
FEW_POINTS = 100
"""What each trial keeps, however many there are."""
PAGE_POINTS = 30_000
"""A metric, all trials together: a page is to open at once."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The metrics of one unit, which share a chart."""

    title: str
    unit: str
    """As shown."""
    step: float
    """What a value is rounded to, in the unit shown; a power of ten."""
    scale: float = 1.0
    """The unit shown in the unit recorded."""


PANELS = {
    "W": Panel("Power", "W", 0.1),
    "%": Panel("Utilisation", "%", 0.1),
    "degC": Panel("Temperature", "°C", 0.1),
    "MHz": Panel("Clocks", "MHz", 1.0),
    "bytes": Panel("Memory", "GB", 0.001, 1e9),
}
"""By the unit recorded, in the order of the page."""


def telemetry_data(run: Run, samples: Samples | None) -> dict[str, Any] | None:
    """Return what the page's telemetry script draws; None where no trial has a sample to draw.

    Times are whole milliseconds since the trial began, values whole steps of their panel. `thinned` says
    whether samples were left out, so that a trial and metric have at most `most`.
    """
    if samples is None or not run.trials:
        return None
    units = {
        name: reading.unit
        for t in run.trials
        if t.telemetry
        for name, reading in t.telemetry.readings.items()
    }
    shown = [name for name in samples.values if units.get(name) in PANELS]
    # A slice of every trial's samples at once would be a second copy of a day.
    counts = [0 if (own := samples.of_trial(trial)) is None else len(own) for trial in run.trials]
    most = max(FEW_POINTS, min(MAX_POINTS, PAGE_POINTS // max(1, len(counts) - counts.count(0))))
    trials = [
        _trial(trial, own, shown, units, most)
        for trial in run.trials
        if (own := samples.of_trial(trial)) is not None
    ]
    drawn = {name for trial in trials for name in trial["values"]}
    panels = [
        {
            "title": panel.title,
            "unit": panel.unit,
            "step": panel.step,
            "digits": max(0, -round(np.log10(panel.step))),
            "metrics": [
                [name, plain(metric_name(name))] for name in shown if units[name] == unit and name in drawn
            ],
        }
        for unit, panel in PANELS.items()
    ]
    panels = [panel for panel in panels if panel["metrics"]]
    thinned = max(counts) > most
    return {"panels": panels, "trials": trials, "thinned": thinned, "most": most} if panels else None


def _trial(
    trial: TrialRecord, samples: Samples, shown: Sequence[str], units: dict[str, str], most: int
) -> dict[str, Any]:
    values = {}
    for name in shown:
        panel = PANELS[units[name]]
        column = samples.values[name] / (panel.scale * panel.step)
        column = np.where(np.abs(column) < MAX_FIGURE, column, np.nan)
        if not np.isnan(column).all():
            values[name] = _whole(thin(column, most))
    return {
        "trial": trial.trial,
        "t": (thin_times(samples.t_ns, most) // 1_000_000).tolist(),
        "values": values,
        "epochs": [[s.start_ns / 1e9, s.epoch] for s in trial.segments if s.name == "train" and s.epoch],
        "throttled": _throttled(samples),
    }


def thin(column: np.ndarray, most: int = MAX_POINTS) -> np.ndarray:
    """Return at most `most` values: of each bucket of neighbours the least and the most, in order."""
    count = len(column)
    if count <= most:
        return column
    rows = _buckets(column, np.nan, most)
    known = ~np.isnan(rows)
    low = np.where(known, rows, np.inf).argmin(axis=1)
    high = np.where(known, rows, -np.inf).argmax(axis=1)
    first, second = np.minimum(low, high), np.maximum(low, high)
    line = np.arange(len(rows))
    return np.stack([rows[line, first], rows[line, second]], axis=1).reshape(-1)


def thin_times(t_ns: np.ndarray, most: int = MAX_POINTS) -> np.ndarray:
    """Return the times that belong to the values of `thin`: of each bucket the first and the last."""
    if len(t_ns) <= most:
        return t_ns
    return _buckets(t_ns, t_ns[-1], most)[:, [0, -1]].reshape(-1)


def _buckets(values: np.ndarray, filler: float, most: int) -> np.ndarray:
    """Return an array (buckets, samples a bucket), the last bucket filled up."""
    size = -(-len(values) // (most // 2))
    count = -(-len(values) // size)
    missing = np.full(count * size - len(values), filler, dtype=values.dtype)
    return np.concatenate([values, missing]).reshape(count, size)


def _whole(column: np.ndarray) -> list[int | None]:
    unknown = np.isnan(column)
    whole: list[int | None] = np.rint(np.where(unknown, 0, column)).astype(np.int64).tolist()
    for place in np.flatnonzero(unknown):
        whole[place] = None
    return whole


def _throttled(samples: Samples) -> list[list[Any]]:
    """Return each stretch in which the GPU gave the same reasons: begin and end in seconds, the reasons."""
    stretches, place = [], 0
    for reasons, same in groupby(samples.throttle):
        begin, place = place, place + sum(1 for _ in same)
        if reasons:
            end = min(place, len(samples) - 1)
            words = plain(", ".join(reasons))
            stretches.append([samples.t_ns[begin] / 1e9, samples.t_ns[end] / 1e9, words])
    return stretches
