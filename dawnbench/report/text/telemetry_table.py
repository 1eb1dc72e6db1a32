"""Telemetry over the trials of a run."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.reader import Run
from dawnbench.records.schema import Reading, TelemetrySummary
from dawnbench.report.units import metric_name, number_bytes, reading

READINGS_HEADER = ["Reading", "Mean", "Peak"]


def readings_rows(run: Run) -> list[list[str]]:
    """Return a row a sensor over all trials, under `READINGS_HEADER`, and the memory taken on the device."""
    summaries = [trial.telemetry for trial in run.trials if trial.telemetry is not None]
    rows = [
        [metric_name(name), reading(both.mean, both), reading(both.peak, both)]
        for name, both in combined(summaries).items()
    ]
    peaks = [trial.peak_memory_bytes for trial in run.trials if trial.peak_memory_bytes is not None]
    return rows + ([["device memory allocated", "-", number_bytes(max(peaks))]] if peaks else [])


def combined(summaries: Sequence[TelemetrySummary]) -> dict[str, Reading]:
    """Return each reading's mean over all samples of all trials, and its peak."""
    names = dict.fromkeys(name for summary in summaries for name in summary.readings)
    return {name: _combine(name, summaries) for name in names}


def _combine(name: str, summaries: Sequence[TelemetrySummary]) -> Reading:
    weighted = [(s.readings[name], s.samples) for s in summaries if name in s.readings]
    samples = sum(count for _, count in weighted)
    return Reading(
        mean=sum(reading.mean * count for reading, count in weighted) / samples,
        peak=max(reading.peak for reading, _ in weighted),
        unit=weighted[0][0].unit,
    )
