"""Six MNIST models, each smaller or steadier than the one before: from 6.4 million parameters to 7,416.

After the write-up of a course exercise of 2020, whose parameter counts and accuracies stand in each target.
"""

from __future__ import annotations

from typing import Any

from dawnbench.recipes.mnist import BATCH_SIZE, CONSTANT, DATASET, EPOCHS, SGD
from dawnbench.recipes.parts import (
    AffineSpec,
    BrightnessContrastSpec,
    ConvStackSpec,
    PlateauSpec,
    RotationSpec,
    StepsSpec,
)
from dawnbench.recipes.recipe import Recipe


def _step(number: int, what: str, target: float, model: ConvStackSpec, **more: Any) -> Recipe:
    settings: dict[str, Any] = {
        "name": f"mnist-{number}",
        "summary": f"{what}, MNIST",
        "target": target,
        "trials": 3,
        "dataset": DATASET,
        "model": model,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "optimizer": SGD,
        "schedule": CONSTANT,
        "drop_last": False,
        "precision": "fp32",
    }
    return Recipe(**settings | more)


mnist_1 = _step(
    1,
    "a wide stack of seven convolutions",
    0.993,
    ConvStackSpec(
        (
            *("conv 32 same", "relu", "conv 64 same", "relu", "max pool"),
            *("conv 128 same", "relu", "conv 256 same", "relu", "max pool"),
            *("conv 512", "relu", "conv 1024", "relu", "conv classes"),
        )
    ),
)

mnist_2 = _step(
    2,
    "the stack cut to 8,946 parameters",
    0.989,
    ConvStackSpec(
        (
            *("conv 16", "relu", "conv 16", "relu", "max pool"),
            *("conv 8 1x1", "relu", "conv 16", "relu", "conv 16", "relu", "max pool"),
            *("conv 16 1x1", "relu", "conv classes 4x4"),
        )
    ),
)

mnist_3 = _step(
    3,
    "with batch norm and dropout",
    0.99,
    ConvStackSpec(
        (
            *("conv 16", "norm", "relu", "conv 16", "norm", "relu", "max pool", "dropout 0.1"),
            *("conv 8 1x1", "norm", "relu", "conv 16", "norm", "relu", "conv 16", "norm", "relu", "max pool"),
            *("dropout 0.1", "conv 16 1x1", "norm", "relu", "conv classes 4x4"),
        )
    ),
)

_NORM_FIRST = ("norm", "relu", "dropout 0.1")
mnist_4 = _step(
    4,
    "with an average pool for a head, 6,438 parameters",
    0.985,
    ConvStackSpec(
        (
            *("conv 16", *_NORM_FIRST, "conv 16", *_NORM_FIRST, "max pool"),
            *("conv 8 1x1", *_NORM_FIRST, "conv 16", *_NORM_FIRST, "conv 16", *_NORM_FIRST, "max pool"),
            *("conv classes 1x1", "norm", "average pool"),
        )
    ),
)

_NORM_LAST = ("relu", "norm", "dropout 0.05")
mnist_5 = _step(
    5,
    "turned images and a rate that falls on a plateau",
    0.9924,
    ConvStackSpec(
        (
            *("conv 8", *_NORM_LAST, "conv 16", *_NORM_LAST, "conv 8 1x1", "max pool"),
            *("conv 16", *_NORM_LAST, "conv 16", *_NORM_LAST, "conv 16", *_NORM_LAST),
            *("conv classes 1x1", "average pool"),
        )
    ),
    augmentation=(RotationSpec(7),),
    schedule=PlateauSpec(0.01, factor=0.1, patience=2),
)

_LESS_DROPOUT = ("relu", "norm", "dropout 0.04")
mnist_6 = _step(
    6,
    "99.4 % in the last five epochs with 7,416 parameters",
    0.994,
    ConvStackSpec(
        (
            *("conv 8", *_LESS_DROPOUT, "conv 16", *_LESS_DROPOUT, "conv 8 1x1", "max pool"),
            *("conv 16", *_LESS_DROPOUT, "conv 16", *_LESS_DROPOUT, "conv 16", *_NORM_LAST),
            *("average pool", "conv classes 1x1"),
        ),
        bias=False,
    ),
    augmentation=(
        BrightnessContrastSpec(brightness=0.4, contrast=0.4),
        AffineSpec(degrees=7, translate=0.1, scale=(0.8, 1.2), shear=10),
        RotationSpec(7),
    ),
    schedule=StepsSpec(0.01, every=8, factor=0.1),
)
