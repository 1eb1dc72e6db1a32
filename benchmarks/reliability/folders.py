"""Run folders as large as a day leaves them, written as a stream so that making one takes little memory."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dawnbench.records.rules import times
from dawnbench.records.schema import (
    DataRecord,
    EpochRecord,
    ModelRecord,
    Reading,
    RunRecord,
    Segment,
    TelemetrySummary,
    TrialRecord,
)

SECOND = 1_000_000_000
READINGS = {
    "gpu_power": Reading(512.3, 690.1, "W"),
    "gpu_utilization": Reading(97.0, 100.0, "%"),
    "gpu_memory_utilization": Reading(41.0, 60.0, "%"),
    "gpu_memory_used": Reading(1.8e9, 1.9e9, "bytes"),
    "gpu_temperature": Reading(61.0, 66.0, "degC"),
    "gpu_sm_clock": Reading(1975.0, 1980.0, "MHz"),
    "gpu_memory_clock": Reading(3201.0, 3201.0, "MHz"),
    "gpu_other_processes": Reading(0.0, 0.0, ""),
    "cpu_utilization": Reading(9.1, 30.0, "%"),
    "process_memory": Reading(2.3e9, 2.4e9, "bytes"),
    "system_memory_used": Reading(2.5e9, 2.6e9, "bytes"),
}
"""What the sampler records on a machine with one H200."""


def make_folder(
    folder: Path, *, trials: int, epochs: int, trial_seconds: float, hertz: float, status: str = "finished"
) -> Path:
    """Write a run folder; `hertz` 0 leaves its telemetry empty."""
    folder.mkdir(parents=True)
    draw = random.Random(0)
    record = asdict(_run(trials, epochs)) | {"status": status}
    (folder / "run.json").write_text(json.dumps(record, indent=2) + "\n")
    began, gap = 1_000 * SECOND, SECOND // 10
    with (
        (folder / "trials.jsonl").open("w") as trial_file,
        (folder / "epochs.jsonl").open("w") as epoch_file,
        (folder / "telemetry.jsonl").open("w") as telemetry_file,
    ):
        for number in range(1, trials + 1):
            trial, rows = make_trial(draw, number, epochs, trial_seconds, began)
            trial_file.write(json.dumps(asdict(trial)) + "\n")
            epoch_file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
            end = began + round(trial.wall_seconds * SECOND)
            telemetry_file.writelines(sample_lines(draw, began, end, hertz))
            began = end + gap
    return folder


def make_trial(
    draw: random.Random, number: int, epochs: int, seconds: float, began: int
) -> tuple[TrialRecord, list[EpochRecord]]:
    """Return a trial with its ledger, and its epochs; the last two reach 94 %."""
    segments = [Segment("load", None, -2 * SECOND, SECOND), Segment("init", None, 0, SECOND // 100)]
    now, rows = SECOND // 100, []
    length = round(seconds * SECOND / epochs)
    for epoch in range(1, epochs + 1):
        train = round(0.9 * length * draw.uniform(0.99, 1.01))
        evaluate = length - round(0.9 * length)
        for name, took in (
            ("train", train),
            ("final_evaluate" if epoch == epochs else "evaluate", evaluate),
            ("record", 1_000_000),
        ):
            segments.append(Segment(name, epoch, now, took))
            now += took
        share = epoch / epochs
        rows.append(
            EpochRecord(
                trial=number,
                epoch=epoch,
                learning_rate=round(0.4 * (1 - share), 6),
                train_seconds=train / SECOND,
                evaluate_seconds=evaluate / SECOND,
                train_loss=2.3 - 2 * share,
                train_correct=round(50_000 * (0.2 + 0.78 * share)),
                train_images=50_000,
                validation_loss=2.2 - 1.8 * share,
                validation_correct=9_400 + draw.randrange(60)
                if epoch >= epochs - 1
                else round(9_300 * share),
                validation_images=10_000,
                energy_joules=500.0 * now / SECOND,
                last_batch_loss=2.3 - 2 * share,
            )
        )
    joules = 500.0 * now / SECOND
    telemetry = TelemetrySummary(round(20 * now / SECOND), READINGS, (), joules, joules, "NVML")
    trial = TrialRecord(
        trial=number,
        seed=number - 1,
        status="finished",
        reason=None,
        segments=tuple(segments),
        seconds=times(segments, max(1, epochs - 1)),
        target=0.94,
        epochs_to_target=max(1, epochs - 1),
        accuracy=rows[-1].validation_accuracy,
        best_accuracy=max(row.validation_accuracy for row in rows),
        wall_seconds=now / SECOND,
        device_seconds=now / SECOND,
        peak_memory_bytes=2_000_000_000,
        telemetry=telemetry,
        began_ns=began,
    )
    return trial, rows


def sample_lines(draw: random.Random, began: int, end: int, hertz: float) -> Iterator[str]:
    """Yield the lines of telemetry.jsonl over a stretch of time in nanoseconds."""
    for i in range(round((end - began) / SECOND * hertz)):
        warm = min(30, i // 60)
        sample: dict[str, Any] = {
            "t_ns": began + round(i * SECOND / hertz),
            "gpu_power": round(500 + warm + draw.random() * 40, 3),
            "gpu_utilization": 97,
            "gpu_memory_utilization": 41,
            "gpu_memory_used": 1_807_613_952,
            "gpu_temperature": 36 + warm,
            "gpu_sm_clock": 1980 if i % 97 else 1965,
            "gpu_memory_clock": 3201,
            "gpu_other_processes": 0,
            "cpu_utilization": round(5 + 10 * draw.random(), 1),
            "cpu_other_utilization": None,
            "process_memory": 2_271_076_352 + 4096 * (i % 1000),
            "system_memory_used": 2_448_945_152 + 4096 * (i % 777),
        }
        if i % 500 < 20:
            sample["throttle"] = ["sw_power_cap"]
        yield json.dumps(sample) + "\n"


def _run(trials: int, epochs: int) -> RunRecord:
    created = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=trials)
    return RunRecord(
        schema_version=1,
        dawnbench_version="0",
        recipe_name="davidnet",
        created=created.isoformat(timespec="seconds"),
        status="finished",
        command=("dawnbench", "run", "davidnet", "--trials", str(trials)),
        recipe={"name": "davidnet", "epochs": epochs, "batch_size": 512},
        recipe_digest="0" * 64,
        trials=trials,
        seed=0,
        target=0.94,
        device="cuda",
        device_name="NVIDIA H200",
        precision="bf16",
        data=DataRecord("cifar10", "1" * 64, 50_000, 10_000, (32, 32, 3), 10),
        model=ModelRecord((), 6_573_120, 0, 10**12, 10**15),
        environment={"python": "3.12", "packages": {"torch": "2.9"}},
        telemetry_unavailable={},
        learning_rates=((0, 0.0), (500, 0.4), (97 * epochs, 0.0)),
    )
