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
from dawnbench.recipes.recipe import Recipe, WriteUp


def _step(number: int, what: str, target: float, words: WriteUp, model: ConvStackSpec, **more: Any) -> Recipe:
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
        "write_up": words,
    }
    return Recipe(**settings | more)


mnist_1 = _step(
    1,
    "a wide stack of seven convolutions",
    0.993,
    WriteUp(
        target=(
            "See what accuracy is to be had when size is no object: seven convolutions, without norm or "
            "dropout, in 15 epochs. Published: 99.9 % on the training images, 99.3 % on the test images."
        ),
    ),
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
    WriteUp(
        target=(
            "Come close to the first model with fewer than 10,000 parameters: 16 channels throughout, 1x1 "
            "convolutions between the blocks. Published: 99.2 % and 98.9 %."
        ),
    ),
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
    "the same with batch norm and dropout",
    0.99,
    WriteUp(
        target=(
            "Gain on the second model by batch norm before each ReLU and a little dropout, for 176 "
            "parameters more. Published: 99.43 % and 99.0 %."
        ),
    ),
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
    "an average pool for a head, 6,438 weights",
    0.985,
    WriteUp(
        target=(
            "Replace the last, large convolution by an average pool and save a third of the parameters. "
            "Published: 98.8 % and 98.5 %."
        ),
    ),
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
    "turned images, a rate by plateau",
    0.9924,
    WriteUp(
        target=(
            "Pass 99.2 % with 7,506 parameters: a narrow first layer, the norm behind the ReLU, the pool "
            "early, turned images and a rate that falls on a plateau. Published: 99.24 % on the test "
            "images."
        ),
    ),
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
    "99.4 % to the end with 7,416 parameters",
    0.994,
    WriteUp(
        target=(
            "Hold 99.4 % in each of the last five epochs with 7,416 parameters, by stronger augmentation "
            "and a rate that falls after eight epochs. Published: 99.4 % on the test images."
        ),
    ),
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
