"""Telemetry over the trials of a run."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.schema import Reading, TelemetrySummary


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
