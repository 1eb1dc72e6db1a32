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
        analysis=(
            "More than large enough: it goes on learning the training images by heart, to 99.9 %, long "
            "after the test images have stopped gaining. No layer here is needed for its size, so the next "
            "models ask how little does as well."
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
        analysis=(
            "A 700th of the parameters costs half a point on the test images and one point on the training "
            "images. Without a norm it is slow to begin, with half of the training images right in the first "
            "epoch, and it is still gaining on them in the last: it could do with more epochs, or with "
            "something that makes it learn faster."
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
        analysis=(
            "Batch norm is worth five epochs: 98.1 % on the test images after the first one, for which the "
            "second model takes five or six. Dropout keeps the training accuracy below the test accuracy to "
            "the end, so that nothing is learnt by heart and a longer training, or less dropout, could still "
            "gain."
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
        analysis=(
            "It underfits: the training accuracy stands still near 98.1 % for the last four epochs, a whole "
            "point below that of the third model. That one has its dropout in two places, this one behind "
            "each of six layers of 8 to 16 channels, so less of it is the first thing to try; whether the "
            "average pool costs anything these figures cannot tell."
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
        analysis=(
            "The norm, the narrow first layer and the turned images do it; the plateau schedule never acts. "
            "Until the very end the test loss did not go three epochs without a new low in any trial, so "
            "that the rate stayed at 0.01 and the last epochs still swing by two tenths of a point. A rate "
            "that surely falls should settle them."
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
        analysis=(
            "The step settles it: behind epoch 8 the test accuracy stays within about a tenth of a point, "
            "where it swung by up to half a point before. It settles at 99.3 %, a tenth short of the target. "
            "The training images are made so hard that the network gets 98.2 % of them at most; with so few "
            "parameters, milder augmentation or a longer training is what is left to try."
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
