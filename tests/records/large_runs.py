"""Run folders of any size: the run.json of a real run, made trials, and the sensors of a real H200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.records.full_runs import full_run

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "docs" / "results" / "davidnet-10-cpu" / "run.json"
TELEMETRY = HERE / "h200-telemetry.jsonl"
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
    made = {"trials": trials, "epochs": epochs, "seed": seed, "hertz": 0, "target": 0.94}
    epoch_seconds = trial_seconds / epochs / (1 + EVALUATION)
    full_run(folder, epoch_seconds=epoch_seconds, **RUN | made | changes)
    with (folder / "trials.jsonl").open() as recorded, (folder / "telemetry.jsonl").open("w") as file:
        for trial in map(json.loads, recorded):
            file.writelines(sample_lines(trial["began_ns"], trial["wall_seconds"], hertz))
    return folder


def sample_lines(began_ns: int, seconds: float, hertz: float) -> Iterator[str]:
    """Yield the lines of telemetry.jsonl over a stretch of time."""
    for i in range(round(seconds * hertz)):
        sample = SAMPLES[i % len(SAMPLES)] | {"t_ns": began_ns + round(1e9 * i / hertz)}
        yield json.dumps(sample) + "\n"
