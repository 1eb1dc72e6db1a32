"""What the sensors showed during a run, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord, Reading, TelemetrySummary
from dawnbench.report.units import joules, metric_name, number_bytes, of_all_gpus, percent, reading

READINGS_HEADER = ["Reading", "Mean", "Peak"]


def readings_rows(run: Run) -> list[list[str]]:
    """Return one row per sensor over all trials, under `READINGS_HEADER`, and the device memory allocated.

    The sensors of each of several GPUs share a row. Several devices have two more: the energy of each, and
    how much longer than rank 0 the slowest rank trained.
    """
    summaries = [trial.telemetry for trial in run.trials if trial.telemetry is not None]
    found = combined(summaries)
    rows = [
        [metric_name(name), reading(both.mean, both), reading(both.peak, both)]
        for name, both in found.items()
        if of_all_gpus(name) is None
    ]
    rows += _of_each_gpu(found)
    rows += _energy_of_each_gpu(summaries)
    rows += _slowest_rank(run.epochs)
    peaks = [trial.peak_memory_bytes for trial in run.trials if trial.peak_memory_bytes is not None]
    return rows + ([["device memory allocated", "peak only", number_bytes(max(peaks))]] if peaks else [])


def _of_each_gpu(found: Mapping[str, Reading]) -> Iterator[list[str]]:
    """Yield a row per reading of several GPUs, with the least and the most of their means and peaks."""
    together: dict[str, list[Reading]] = {}
    for name, one in found.items():
        if (metric := of_all_gpus(name)) is not None:
            together.setdefault(metric, []).append(one)
    for metric, each in together.items():
        ends = (
            [reading(end(values), each[0]) for end in (min, max)]
            for values in ([one.mean for one in each], [one.peak for one in each])
        )
        yield [f"{metric_name(metric)}, each", *(f"{least} to {most}" for least, most in ends)]


def _energy_of_each_gpu(summaries: Sequence[TelemetrySummary]) -> Iterator[list[str]]:
    """Yield a row with the least and the most that a GPU spent on a trial, as the mean and the peak."""
    by_gpu: dict[str, list[float]] = {}
    for summary in summaries:
        for rank, spent in summary.gpu_energy.items():
            by_gpu.setdefault(rank, []).append(spent)
    if by_gpu:
        means, peaks = [fmean(one) for one in by_gpu.values()], [max(one) for one in by_gpu.values()]
        spans = (f"{joules(min(values))} to {joules(max(values))}" for values in (means, peaks))
        yield ["energy of a trial, each GPU", *spans]


def _slowest_rank(epochs: Sequence[EpochRecord]) -> Iterator[list[str]]:
    """Yield a row with how much longer than rank 0 the slowest rank trained, over all epochs."""
    longer = [
        epoch.slowest_train_seconds / epoch.train_seconds - 1
        for epoch in epochs
        if epoch.slowest_train_seconds is not None and epoch.train_seconds
    ]
    if longer:
        yield ["slowest rank, longer than rank 0", percent(fmean(longer)), percent(max(longer))]


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
