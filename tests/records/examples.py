"""Example records like those that a run writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dawnbench.records.schema import (
    SCHEMA_VERSION,
    DataRecord,
    EpochRecord,
    LayerRecord,
    ModelRecord,
    Reading,
    RunRecord,
    Segment,
    TelemetrySummary,
    TrialRecord,
)
from dawnbench.records.store import RunWriter

CREATED = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)

RUN = RunRecord(
    schema_version=SCHEMA_VERSION,
    dawnbench_version="0.1.0",
    recipe_name="davidnet",
    created="2026-02-03T04:05:06+00:00",
    status="running",
    command=("dawnbench", "run", "davidnet"),
    recipe={"name": "davidnet", "schedule": {"rates": [0, 0.4, 0]}, "average": None},
    recipe_digest="ab" * 32,
    trials=1,
    seed=0,
    target=0.94,
    device="cpu",
    device_name="AMD EPYC",
    precision="fp32",
    data=DataRecord("cifar10", "cd" * 32, 50_000, 10_000, (32, 32, 3), 10),
    model=ModelRecord((LayerRecord("prep.conv", "Conv2d", (64, 32, 32), 1728),), 1728, 0, 10**12, 10**15),
    environment={"packages": {"torch": "2.15"}, "git": None},
    telemetry_unavailable={"gpu_power": "no NVIDIA driver"},
)

TRIAL = TrialRecord(
    trial=1,
    seed=7,
    status="finished",
    reason=None,
    segments=(Segment("load", None, -50, 40), Segment("train", 1, 10, 2_000_000_000)),
    seconds={"dawnbench": 2.0, "cold": None},
    target=0.94,
    epochs_to_target=1,
    accuracy=0.95,
    best_accuracy=0.95,
    wall_seconds=2.5,
    device_seconds=2.5,
    peak_memory_bytes=None,
    telemetry=TelemetrySummary(
        3, {"cpu_power": Reading(10.5, 20.0, "W")}, ("sw_power_cap",), 5.0, None, "rapl"
    ),
    warnings=("the host's clock says nothing",),
)


def epoch(**changes: Any) -> EpochRecord:
    return replace(
        EpochRecord(
            trial=1,
            epoch=1,
            learning_rate=0.1,
            train_seconds=1.5,
            evaluate_seconds=0.5,
            train_loss=1.25,
            train_correct=30,
            train_images=50,
            validation_loss=1.5,
            validation_correct=6,
            validation_images=10,
        ),
        **changes,
    )


def begin_run(out: Path, recipe_name: str = "davidnet") -> RunWriter:
    """Return a writer that has written run.json."""
    writer = RunWriter(out, recipe_name, CREATED)
    writer.write_run(RUN)
    return writer
