"""Run folders of any size, made of what real runs left: a trial of davidnet-10 and the sensors of an H200."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT
from dawnbench.records.rules import times
from dawnbench.records.schema import Segment

EXAMPLE = ROOT / "docs" / "results" / "davidnet-10-cpu"
TELEMETRY = ROOT / "tests" / "records" / "h200-telemetry.jsonl"
SECOND = 1_000_000_000
TARGET = 0.94
Record = dict[str, Any]


def _lines(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


RUN: Record = json.loads((EXAMPLE / "run.json").read_text(encoding="utf-8"))
(TRIAL,), EPOCHS, SAMPLES = (
    _lines(path) for path in (EXAMPLE / "trials.jsonl", EXAMPLE / "epochs.jsonl", TELEMETRY)
)


def write_run(
    folder: Path,
    *,
    trials: int,
    epochs: int = len(EPOCHS),
    trial_seconds: float = 2.0,
    hertz: float = 0.0,
    misses: int = 0,
    seed: int = 0,
    **changes: Any,
) -> Path:
    """Write a run folder as a stream, so that a day of telemetry takes little memory.

    The last two epochs of a trial reach the target, except in every `misses`-th trial. `hertz` 0 leaves the
    telemetry empty. `changes` are of run.json.
    """
    draw = random.Random(seed)
    folder.mkdir(parents=True)
    run = RUN | {"status": "finished", "trials": trials, "target": TARGET} | changes
    (folder / "run.json").write_text(json.dumps(run, indent=2) + "\n")
    began = 1_000 * SECOND
    with (
        (folder / "trials.jsonl").open("w") as trial_file,
        (folder / "epochs.jsonl").open("w") as epoch_file,
        (folder / "telemetry.jsonl").open("w") as telemetry_file,
    ):
        for number in range(1, trials + 1):
            length = trial_seconds * draw.uniform(0.98, 1.02)
            reaches = not misses or number % misses != 0
            trial, rows = make_trial(number, epochs, length, reaches, began)
            trial_file.write(json.dumps(trial) + "\n")
            epoch_file.writelines(json.dumps(row) + "\n" for row in rows)
            end = began + round(trial["wall_seconds"] * SECOND)
            telemetry_file.writelines(sample_lines(began, end, hertz))
            began = end + SECOND // 10
    return folder


def make_trial(
    number: int, epochs: int, seconds: float, reaches: bool, began: int
) -> tuple[Record, list[Record]]:
    """Return a trial of so many seconds with its ledger, and its epochs."""
    segments = [Segment("startup", None, -4 * SECOND, 3 * SECOND), Segment("compile", None, -SECOND, SECOND)]
    segments += [Segment("reset", None, 0, SECOND // 1000)]
    train = round(0.95 * seconds * SECOND / epochs)
    rows, now = [], segments[-1].start_ns + segments[-1].length_ns
    for epoch in range(1, epochs + 1):
        row = EPOCHS[(epoch - 1) * len(EPOCHS) // epochs]
        share = 0.9405 if reaches and epoch >= epochs - 1 else 0.99 * row["validation_correct"] / 10_000
        evaluation = "final_evaluate" if epoch == epochs else "evaluate"
        segments += [
            Segment("train", epoch, now, train),
            Segment(evaluation, epoch, now + train, train // 20),
        ]
        now += train + train // 20
        own = {"trial": number, "epoch": epoch, "train_seconds": train / SECOND}
        own["validation_correct"] = round(share * row["validation_images"])
        rows.append(row | own | {"evaluate_seconds": train // 20 / SECOND})
    reached = max(1, epochs - 1) if reaches else None
    accuracies = [row["validation_correct"] / row["validation_images"] for row in rows]
    changes = {
        "trial": number,
        "seed": number - 1,
        "segments": [asdict(segment) for segment in segments],
        "seconds": times(segments, reached),
        "target": TARGET,
        "epochs_to_target": reached,
        "accuracy": accuracies[-1],
        "best_accuracy": max(accuracies),
        "wall_seconds": now / SECOND,
        "device_seconds": now / SECOND,
        "began_ns": began,
    }
    return TRIAL | changes, rows


def sample_lines(began: int, end: int, hertz: float) -> Iterator[str]:
    """Yield the lines of telemetry.jsonl over a stretch of time in nanoseconds."""
    for i in range(round((end - began) / SECOND * hertz)):
        sample = SAMPLES[i % len(SAMPLES)] | {"t_ns": began + round(i * SECOND / hertz)}
        yield json.dumps(sample) + "\n"
