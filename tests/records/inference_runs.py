"""Run folders of inference runs as `dawnbench infer` leaves them, made in a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dawnbench.records.inference import BatchThroughput, InferenceResult, InferenceSettings, Runtime
from dawnbench.records.schema import Reading, Segment, TelemetrySummary, TrialRecord
from tests.records.examples import TRIAL
from tests.records.folders import make_run

SECOND = 1_000_000_000
IMAGES = 10_000
OFF = (0.0, 0.004, -0.003, 0.002, -0.005, 0.001, 0.003, -0.001, 0.005, -0.002)
"""How far one pass after the other lies from the mean, as a fraction."""


def settings(runtime: Runtime = "torch", **changes: Any) -> InferenceSettings:
    usual = InferenceSettings(
        model="/home/ada/runs/20260203T040506Z-davidnet-abcdef/model.safetensors",
        model_digest="ef" * 32,
        trained_recipe_digest="ab" * 32,
        trained_run="20260203T040506Z-davidnet-abcdef",
        recorded_accuracy=0.9432,
        runtime=runtime,
        compile=False,
        batch_sizes=(1, 64),
    )
    return replace(usual, **changes)


def inference_pass(
    number: int = 1,
    latency: float = 0.001,
    *,
    accuracy: float = 0.9432,
    images: int = IMAGES,
    joules: float | None = 0.04,
    **changes: Any,
) -> TrialRecord:
    """A pass over all test images, with a mean latency in seconds and joules per image."""
    total = round(latency * images * SECOND)
    result = InferenceResult(
        images=images,
        correct=round(accuracy * images),
        latency_seconds=latency,
        median_seconds=0.95 * latency,
        p90_seconds=1.2 * latency,
        p99_seconds=1.9 * latency,
        max_seconds=12 * latency,
        throughputs=(BatchThroughput(1, 1 / latency), BatchThroughput(64, 9 / latency)),
        energy_per_image_joules=joules,
        energy_unknown=None if joules is not None else "this device has no energy counter that can be read",
    )
    made = replace(
        TRIAL,
        trial=number,
        seed=number - 1,
        segments=(
            Segment("startup", None, -9 * SECOND, 4 * SECOND),
            Segment("load", None, -5 * SECOND, SECOND),
            Segment("build", None, -3 * SECOND, SECOND // 10),
            Segment("infer", None, 0, total),
            Segment("throughput", None, total, SECOND),
        ),
        seconds={"inference": total / SECOND},
        epochs_to_target=None,
        accuracy=accuracy,
        best_accuracy=accuracy,
        wall_seconds=total / SECOND + 1,
        device_seconds=total / SECOND + 1,
        telemetry=TelemetrySummary(
            100, {"cpu_power": Reading(40.0, 60.0, "W")}, (), None if joules is None else 500.0, None, "rapl"
        ),
        warnings=(),
        began_ns=1000 * SECOND,
        inference=result,
    )
    return replace(made, **changes)


def passes(
    latency: float = 0.001, count: int = 10, *, accuracy: float = 0.9432, **changes: Any
) -> list[TrialRecord]:
    """So many passes around a mean latency in seconds."""
    return [
        inference_pass(i + 1, latency * (1 + OFF[i % 10]), accuracy=accuracy, **changes) for i in range(count)
    ]


def inference_run(
    folder: Path, trials: list[TrialRecord] | None = None, *, runtime: Runtime = "torch", **changes: Any
) -> Path:
    """Write the run folder of an inference run; `changes` are of its run.json."""
    usual: dict[str, Any] = {
        "kind": "inference",
        "inference": settings(runtime),
        "recipe_digest": ("12" if runtime == "torch" else "34") * 32,
        "command": ("dawnbench", "infer", "latest"),
    }
    return make_run(folder, passes() if trials is None else trials, (), **{**usual, **changes})
