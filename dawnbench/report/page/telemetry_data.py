"""The telemetry charts of each trial, thinned to what a page can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dawnbench.records.reader import Run
from dawnbench.records.samples import Samples
from dawnbench.records.schema import TrialRecord
from dawnbench.report.charts import Chart, Line
from dawnbench.report.charts.telemetry import metric_units, telemetry_charts
from dawnbench.report.units import of_all_gpus

MAX_POINTS = 1_500
"""Per trial and metric; a chart on a wide screen has about as many pixels."""
MIN_POINTS = 100
"""What each trial keeps, however many there are."""
PAGE_POINTS = 30_000
"""Per metric, all trials and GPUs together: a page should open at once."""


@dataclass(frozen=True, slots=True)
class TrialTelemetry:
    """What the page's telemetry script draws for one trial."""

    trial: int
    x: Sequence[float]
    """Seconds since the trial began, which all lines share; the lines have none of their own."""
    charts: Sequence[Chart]
    throttled: Sequence[str]
    """The reasons for running below its clocks, each once."""


@dataclass(frozen=True, slots=True)
class PageTelemetry:
    """The telemetry of all trials of a run."""

    trials: Sequence[TrialTelemetry]
    thinned: bool
    """Whether samples were left out."""
    max_points: int
    """Per trial and metric."""


def page_telemetry(run: Run, samples: Samples | None) -> PageTelemetry | None:
    """Return the telemetry charts of a run's trials; None if no trial has a sample to draw."""
    if samples is None:
        return None
    units = metric_units(run)
    # A slice of every trial's samples at once would be a second copy of a day.
    counts = [0 if (own := samples.of_trial(trial)) is None else len(own) for trial in run.trials]
    sampled = len(counts) - counts.count(0)
    gpus = max(Counter(filter(None, map(of_all_gpus, units))).values(), default=1)
    max_points = max(MIN_POINTS, min(MAX_POINTS, PAGE_POINTS // max(1, sampled) // gpus))
    trials = [
        drawn
        for trial in run.trials
        if (own := samples.of_trial(trial)) is not None
        and (drawn := _trial(trial, own, telemetry_charts(trial, own, units), max_points)).charts
    ]
    return PageTelemetry(trials, max(counts) > max_points, max_points) if trials else None


def _trial(trial: TrialRecord, samples: Samples, charts: Sequence[Chart], max_points: int) -> TrialTelemetry:
    return TrialTelemetry(
        trial.trial,
        np.round(thin_times(samples.t_ns, max_points) / 1e9, 3).tolist(),
        [
            replace(chart, lines=[_thinned(line, chart.y.digits, max_points) for line in chart.lines])
            for chart in charts
        ],
        list(dict.fromkeys(span.label for chart in charts[:1] for span in chart.spans)),
    )


def _thinned(line: Line, digits: int, max_points: int) -> Line:
    return replace(line, x=(), y=_rounded(thin(np.asarray(line.y), max_points), digits))


def _rounded(values: np.ndarray, digits: int) -> list[float | None]:
    """Return values as short in JSON as their digits allow; None for NaN."""
    rounded: list[float | None] = [
        None if np.isnan(value) else value for value in np.round(values, digits).tolist()
    ]
    return rounded if digits else [None if value is None else int(value) for value in rounded]


def thin(column: np.ndarray, max_points: int = MAX_POINTS) -> np.ndarray:
    """Return at most `max_points` values: of each bucket of neighbours the smallest and largest, in order."""
    count = len(column)
    if count <= max_points:
        return column
    rows = _buckets(column, np.nan, max_points)
    known = ~np.isnan(rows)
    low = np.where(known, rows, np.inf).argmin(axis=1)
    high = np.where(known, rows, -np.inf).argmax(axis=1)
    first, second = np.minimum(low, high), np.maximum(low, high)
    line = np.arange(len(rows))
    return np.stack([rows[line, first], rows[line, second]], axis=1).reshape(-1)


def thin_times(t_ns: np.ndarray, max_points: int = MAX_POINTS) -> np.ndarray:
    """Return the times that belong to the values of `thin`: of each bucket the first and the last."""
    if len(t_ns) <= max_points:
        return t_ns
    return _buckets(t_ns, t_ns[-1], max_points)[:, [0, -1]].reshape(-1)


def _buckets(values: np.ndarray, filler: float, max_points: int) -> np.ndarray:
    """Return an array (buckets, samples per bucket), the last bucket filled up."""
    size = -(-len(values) // (max_points // 2))
    count = -(-len(values) // size)
    missing = np.full(count * size - len(values), filler, dtype=values.dtype)
    return np.concatenate([values, missing]).reshape(count, size)
