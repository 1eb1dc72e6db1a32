"""A slimming as `slim prune` records it, made up."""

from __future__ import annotations

from typing import Any

from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.records.slimming import (
    Accuracies,
    Size,
    SlimmedModel,
    SlimRecord,
    SlimSettings,
    SpeedRecord,
    TrainedModel,
)

SPEED = SpeedRecord(64, 15, dense_seconds=0.2, slimmed_seconds=0.1, latency_ratio=0.5, low=0.49, high=0.52)
MODEL = SlimmedModel(
    value=0.2,
    predicted_ratio=0.2,
    true_ratio=0.1875,
    size=Size(macs=8_363_818_592, flops=16_700_000_000, parameters=130_309_732),
    file="ratio-0.2.safetensors",
    before=Accuracies(0.5, 0.7),
    finetuned=TrainedModel("20260101T000000Z-a-ratio-0.2-abcdef", 100, Accuracies(0.8067, 0.9516)),
    control=TrainedModel("20260101T000000Z-a-ratio-0.2-control-abcdef", 200, Accuracies(0.8, 0.95)),
    speeds=(SPEED,),
)


def slimming(**changes: Any) -> SlimRecord:
    """Return a slimming of VGG-16 at 20 %, with changes."""
    facts: dict[str, Any] = {
        "kind": "dawnbench slimming",
        "schema_version": SCHEMA_VERSION,
        "dawnbench_version": "1.0",
        "run": "20260101T000000Z-slim-vgg16-abcdef",
        "recipe_name": "slim-vgg16",
        "recipe_digest": "0" * 64,
        "architecture": "vgg16_bn",
        "data": "cifar100",
        "fingerprint": "1" * 64,
        "epochs": 100,
        "strength": 1e-4,
        "device_name": "NVIDIA H200",
        "precision": "bf16",
        "settings": SlimSettings("zcls", "ratio", finetune_epochs=100, control=True, seed=0),
        "dense": Size(macs=15_507_270_656, flops=30_900_000_000, parameters=134_678_692),
        "dense_accuracy": Accuracies(0.8112, 0.9575),
        "notes": (),
        "models": (MODEL,),
    }
    return SlimRecord(**facts | changes)
