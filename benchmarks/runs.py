"""Run folders of any size: the run.json of a real run, made trials, and the sensors of a real H200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT
from tests.records.full_runs import full_run

EXAMPLE = ROOT / "docs" / "results" / "davidnet-10-cpu" / "run.json"
TELEMETRY = ROOT / "tests" / "records" / "h200-telemetry.jsonl"
SECOND = 1_000_000_000
RUN: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
SAMPLES = [json.loads(line) for line in TELEMETRY.read_text(encoding="utf-8").splitlines()]
EVALUATION = 0.1
"""Of the training before it, as `full_run` has it."""


def write_run(
    folder: Path,
    *,
    trials: int,
    epochs: int = 10,
    trial_seconds: float = 2.0,
    hertz: float = 0.0,
    seed: int = 0,
    **changes: Any,
) -> Path:
    """Write a run folder, its telemetry as a stream, so that a day of it takes little memory.

    `hertz` 0 leaves the telemetry empty. `changes` are of run.json.
    """
    epoch_seconds = trial_seconds / epochs / (1 + EVALUATION)
    full_run(folder, trials=trials, epochs=epochs, epoch_seconds=epoch_seconds, hertz=0, seed=seed)
    run = RUN | {"status": "finished", "trials": trials, "target": 0.94} | changes
    (folder / "run.json").write_text(json.dumps(run, indent=2) + "\n")
    with (folder / "trials.jsonl").open() as recorded, (folder / "telemetry.jsonl").open("w") as file:
        for trial in map(json.loads, recorded):
            began = trial["began_ns"]
            file.writelines(sample_lines(began, began + round(trial["wall_seconds"] * SECOND), hertz))
    return folder


def sample_lines(began: int, end: int, hertz: float) -> Iterator[str]:
    """Yield the lines of telemetry.jsonl over a stretch of time in nanoseconds."""
    for i in range(round((end - began) / SECOND * hertz)):
        sample = SAMPLES[i % len(SAMPLES)] | {"t_ns": began + round(i * SECOND / hertz)}
        yield json.dumps(sample) + "\n"
