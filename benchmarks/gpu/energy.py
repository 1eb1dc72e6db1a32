"""Part (g): the energy counter against the power samples, both of the same trial."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from dawnbench.records.reader import Run
from dawnbench.records.schema import TrialRecord

METRIC = "gpu_power"


def read_samples(folder: Path) -> list[dict[str, Any]]:
    """Return the samples of a run folder, without a torn last line."""
    lines = (folder / "telemetry.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


def integral(samples: Sequence[tuple[float, float]], start: float, end: float) -> float:
    """Return the joules under (second, watt) samples between two times, straight from one to the next.

    Before the first sample and after the last the power counts as theirs.
    """
    if not samples:
        return 0.0
    times = [start, *(t for t, _ in samples if start < t < end), end]
    return sum(
        (right - left) * (_at(samples, left) + _at(samples, right)) / 2 for left, right in pairwise(times)
    )


def _at(samples: Sequence[tuple[float, float]], time: float) -> float:
    if time <= samples[0][0]:
        return samples[0][1]
    for (left, low), (right, high) in pairwise(samples):
        if left <= time <= right:
            return low + (high - low) * (time - left) / (right - left)
    return samples[-1][1]


def compare_energy(run: Run) -> list[str]:
    """Return the counter's joules and the samples' integral, for each finished trial."""
    samples = read_samples(run.folder)
    watts = [(s["t_ns"] / 1e9, float(s[METRIC])) for s in samples if s.get(METRIC) is not None]
    if not watts:
        return ["No power of a GPU was sampled."]
    lines = [
        "| trial | stretch | counter, J | power samples, J | ratio |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for trial in run.trials:
        lines += _rows(trial, watts)
    return [
        *lines,
        "",
        "The samples are the driver's averages over the second before: they lag the counter by half of one.",
    ]


def _rows(trial: TrialRecord, watts: list[tuple[float, float]]) -> list[str]:
    summary = trial.telemetry
    if trial.status != "finished" or summary is None or trial.began_ns is None:
        return []
    begin = trial.began_ns / 1e9
    stretches = [("whole trial", trial.wall_seconds, summary.energy_joules)]
    if trial.epochs_to_target is not None:
        length = max(s.start_ns + s.length_ns for s in trial.segments if s.epoch == trial.epochs_to_target)
        stretches.append(("to the target", length / 1e9, summary.energy_to_target_joules))
    rows = []
    for name, length, counted in stretches:
        area = integral(watts, begin, begin + length)
        if counted:
            rows.append(f"| {trial.trial} | {name} | {counted:.1f} | {area:.1f} | {area / counted:.3f} |")
    return rows
