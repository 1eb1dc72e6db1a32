"""Run folders of any size and number: a real run.json, made trials, and the sensors of a real H200."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dawnbench.records.index import SETTLED_NS
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


def write_many(folder: Path, numbers: range, **changes: Any) -> Path:
    """Write runs of five recipes on four devices; the later half is 5 % slower."""
    for number in numbers:
        created = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=7 * number)
        recipe, device = number % 5, number // 5 % 4
        write_run(
            folder / f"{created:%Y%m%dT%H%M%SZ}-recipe-{recipe}-{number:06x}",
            trial_seconds=5.0 * (1.05 if number >= numbers.stop // 2 else 1.0),
            seed=number,
            recipe_name=f"recipe-{recipe}",
            recipe_digest=f"{recipe:064x}",
            device_name=f"NVIDIA H200 {device}",
            created=created.isoformat(timespec="seconds"),
            **changes,
        )
    time.sleep(SETTLED_NS / 1e9)  # what was written a moment ago is read again
    return folder
