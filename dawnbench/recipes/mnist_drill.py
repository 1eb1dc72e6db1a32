"""Three MNIST models on the way to 99.4 % with fewer than 10,000 parameters.

After the write-up of a course exercise of 2023, whose parameter counts and accuracies stand in each target.
"""

from __future__ import annotations

from dawnbench.recipes.mnist import BATCH_SIZE, CONSTANT, DATASET, EPOCHS, SGD
from dawnbench.recipes.part import SchedulePart
from dawnbench.recipes.parts import ConvStackSpec, PiecewiseLinearSpec
from dawnbench.recipes.recipe import Recipe, WriteUp


def _step(
    number: int,
    what: str,
    target: float,
    words: WriteUp,
    layers: tuple[str, ...],
    schedule: SchedulePart = CONSTANT,
) -> Recipe:
    return Recipe(
        name=f"mnist-drill-{number}",
        summary=f"{what}, MNIST",
        target=target,
        trials=3,
        dataset=DATASET,
        model=ConvStackSpec(layers, bias=False),
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        optimizer=SGD,
        schedule=schedule,
        drop_last=False,
        precision="fp32",
        write_up=words,
    )


mnist_drill_1 = _step(
    1,
    "a skeleton of 22,672 parameters",
    0.9846,
    WriteUp(
        target=(
            "Set up a skeleton that learns, without biases or norms, and see how large it has to be. "
            "Published: 98.75 % at best and 98.46 % at last, on the test images."
        ),
    ),
    (
        *("conv 16", "relu", "conv 16", "relu", "max pool"),
        *("conv 32", "relu", "conv 32", "relu", "max pool"),
        *("conv 16 1x1", "relu", "conv 32", "relu", "conv classes 2x2"),
    ),
)

_NORM = ("norm", "relu")
mnist_drill_2 = _step(
    2,
    "lighter: batch norm, an average pool",
    0.9916,
    WriteUp(
        target=(
            "Fewer than 8,000 parameters: a third of the skeleton's, with batch norm and an average pool. "
            "Published: 99.16 % at best."
        ),
    ),
    (
        *("conv 8", *_NORM, "conv 16", *_NORM, "max pool", "conv 8 1x1", *_NORM),
        *("conv 16", *_NORM, "conv 16", *_NORM, "conv 16", *_NORM),
        *("average pool", "conv classes 1x1"),
    ),
)

_NORM_DROPOUT = ("norm", "relu", "dropout 0.01")
mnist_drill_3 = _step(
    3,
    "99.4 % to the end with 9,722 parameters",
    0.994,
    WriteUp(
        target=(
            "Reach 99.4 % and stay there to the end with fewer than 10,000 parameters: a little wider, a "
            "trace of dropout, a rate that falls. Published: 99.48 % at best, 99.4 % to the end."
        ),
    ),
    (
        *("conv 10", *_NORM_DROPOUT, "conv 20", *_NORM_DROPOUT, "max pool", "conv 10 1x1", *_NORM_DROPOUT),
        *("conv 16", *_NORM_DROPOUT, "conv 16", *_NORM_DROPOUT, "conv 24", *_NORM_DROPOUT),
        *("average pool", "conv classes 1x1"),
    ),
    # The write-up does not say which; steps of a tenth after every six epochs end at 99.28 %.
    schedule=PiecewiseLinearSpec(epochs=(0, 3, EPOCHS), rates=(0.01, 0.1, 0.001)),
)
