"""Complete run folders as from a GPU: epochs, ledgers and telemetry that belong together."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from dawnbench.records.rules import times
from dawnbench.records.schema import EpochRecord, Reading, Segment, TelemetrySummary, TrialRecord
from tests.records.folders import make_run

SECOND = 1_000_000_000
UNITS = {"gpu_power": "W", "gpu_utilization": "%", "gpu_temperature": "degC", "gpu_sm_clock": "MHz"}
BEGAN_NS = 1_000 * SECOND


def full_run(
    folder: Path,
    *,
    trials: int = 5,
    epochs: int = 10,
    hertz: float = 20.0,
    epoch_seconds: float = 0.5,
    target: float = 0.94,
    final: float = 0.943,
    throttled: bool = True,
    seed: int = 0,
    **changes: Any,
) -> Path:
    """Write a run folder; the last epochs of most trials reach the target. `changes` apply to its run.json.

    `hertz` 0 leaves the telemetry out. In the second half of the first trial the GPU throttles, if
    `throttled`.
    """
    draw = random.Random(seed)
    made, rows, samples, began = [], [], [], BEGAN_NS
    for number in range(1, trials + 1):
        trial, of_trial = _trial(draw, number, epochs, epoch_seconds, target, final, began)
        end = began + round(trial.wall_seconds * SECOND)
        if hertz:
            samples += _samples(draw, began, end, hertz, throttled and number == 1)
        made.append(trial)
        rows += of_trial
        began = end + SECOND // 10
    usual: dict[str, Any] = {"device_name": "NVIDIA H200", "device": "cuda", "precision": "bf16"}
    recipe = {"name": "davidnet", "epochs": epochs, "batch_size": 512}
    make_run(folder, made, rows, **{**usual, "recipe": recipe, "target": target, **changes})
    text = "".join(json.dumps(sample) + "\n" for sample in samples)
    (folder / "telemetry.jsonl").write_text(text)
    return folder


def _trial(
    draw: random.Random, number: int, epochs: int, length: float, target: float, final: float, began: int
) -> tuple[TrialRecord, list[EpochRecord]]:
    segments = [
        Segment("startup", None, -9 * SECOND, 4 * SECOND),
        Segment("load", None, -5 * SECOND, 2 * SECOND),
        Segment("build", None, -3 * SECOND, SECOND // 10),
        Segment("compile", None, -2 * SECOND, SECOND),
    ]
    now = 0

    def passes(name: str, epoch: int | None, seconds: float) -> None:
        nonlocal now
        segments.append(Segment(name, epoch, now, round(seconds * SECOND)))
        now += round(seconds * SECOND)

    passes("to_device", None, 0.02)
    passes("reset", None, 0.01)
    passes("init", None, 0.03)
    rows = []
    for epoch in range(1, epochs + 1):
        train, evaluate = length * draw.uniform(0.98, 1.02), 0.1 * length
        passes("train", epoch, train)
        passes("final_evaluate" if epoch == epochs else "evaluate", epoch, evaluate)
        passes("record", epoch, 0.001)
        learnt = 1 - math.exp(-5 * epoch / epochs)
        correct = round(10_000 * (0.1 + (final - 0.1) * learnt / (1 - math.exp(-5))) + draw.gauss(0, 12))
        rows.append(
            EpochRecord(
                trial=number,
                epoch=epoch,
                learning_rate=round(0.4 * min(epoch / 3, (epochs - epoch + 1) / epochs), 6),
                train_seconds=train,
                evaluate_seconds=evaluate,
                train_loss=2.3 * math.exp(-3 * epoch / epochs),
                train_correct=min(50_000, round(50_000 * (0.15 + 0.84 * learnt))),
                train_images=50_000,
                validation_loss=0.2 + 2 * math.exp(-4 * epoch / epochs),
                validation_correct=correct,
                validation_images=10_000,
                energy_joules=300.0 * now / SECOND,
            )
        )
    reached = [row.epoch for row in rows if row.validation_accuracy >= target]
    to_target = reached[0] if reached else None
    readings = {name: Reading(300.0, 600.0, unit) for name, unit in UNITS.items()}
    trial = TrialRecord(
        trial=number,
        seed=number - 1,
        status="finished",
        reason=None,
        segments=tuple(segments),
        seconds=times(segments, to_target),
        target=target,
        epochs_to_target=to_target,
        accuracy=rows[-1].validation_accuracy,
        best_accuracy=max(row.validation_accuracy for row in rows),
        wall_seconds=now / SECOND,
        device_seconds=now / SECOND,
        peak_memory_bytes=2_000_000_000,
        telemetry=TelemetrySummary(
            100,
            readings,
            ("sw_thermal_slowdown",) if number == 1 else (),
            300.0 * now / SECOND,
            None if to_target is None else rows[to_target - 1].energy_joules,
            "NVML total energy counter",
        ),
        warnings=(),
        began_ns=began,
    )
    return trial, rows


def _samples(
    draw: random.Random, began: int, end: int, hertz: float, throttled: bool
) -> list[dict[str, Any]]:
    found = []
    for i in range(int((end - began) / SECOND * hertz)):
        share = i * SECOND / hertz / (end - began)
        slow = throttled and share > 0.5
        sample: dict[str, Any] = {
            "t_ns": began + round(i * SECOND / hertz),
            "gpu_power": round(450 + 150 * share + draw.gauss(0, 10), 1),
            "gpu_utilization": 97 if i % 7 else None,
            "gpu_temperature": round(45 + 20 * share),
            "gpu_sm_clock": 1500 if slow else 1980,
        }
        if slow:
            sample["throttle"] = ["sw_thermal_slowdown"]
        found.append(sample)
    return found
