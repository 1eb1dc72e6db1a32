"""MNIST for a single goal each: 99 % in the least time, 99.1 % with few parameters, both series' accuracy.

docs/mnist.md gives the measurements, and what was tried and left out.
"""

from __future__ import annotations

from dataclasses import replace

from dawnbench.recipes.mnist import DATASET
from dawnbench.recipes.parts import AdamSpec, ConvStackSpec, CropSpec, MuonSpec, PiecewiseLinearSpec
from dawnbench.recipes.recipe import EvaluationSpec, Recipe

_NORM = ("norm", "relu")

# Shifted views only of the least certain fifth of the images: a fixed number, hence a fixed shape.
_EVALUATION = EvaluationSpec(batch_size=1000, shift=1, tta_images=2_000, tta_last_epoch_only=True)

mnist_fast = Recipe(
    name="mnist-fast",
    summary="99 % in the least time, MNIST",
    target=0.99,
    trials=3,
    dataset=DATASET,
    model=ConvStackSpec(
        (
            # No norm after the largest maps, which are most of what norms have to read.
            *("conv 8 5x5 stride 2", "relu", "conv 24 stride 2", *_NORM),
            *("conv 32", *_NORM, "conv classes"),
        )
    ),
    epochs=1,
    batch_size=256,
    optimizer=MuonSpec(),
    schedule=PiecewiseLinearSpec(epochs=(0, 1), rates=(0.15, 0)),
    label_smoothing=0.05,
    precision="fp32",
    evaluation=_EVALUATION,
)

mnist_ladder_fast = replace(
    mnist_fast,
    name="mnist-ladder-fast",
    summary="all of both series in a fifth of the time, MNIST",
    target=0.994,
    model=ConvStackSpec(
        (
            *("conv 16 5x5 stride 2", *_NORM, "conv 32", *_NORM, "max pool"),
            *("conv 64", *_NORM, "conv classes"),
        )
    ),
    epochs=4,
    augmentation=(CropSpec(2, border="black"),),
)


def _separable(width: int) -> tuple[str, ...]:
    """Return a depthwise and a 1x1 convolution, which together have far fewer weights than a whole one."""
    return ("depthwise", *_NORM, f"conv {width} 1x1", *_NORM)


mnist_tiny = Recipe(
    name="mnist-tiny",
    summary="99.1 % with 1,888 parameters, MNIST",
    target=0.991,
    trials=3,
    dataset=DATASET,
    model=ConvStackSpec(
        (
            *("conv 8", *_NORM, *_separable(16), "max pool"),
            *(*_separable(16), *_separable(16), "max pool"),
            *("depthwise", "norm", "conv 16 1x1", *_NORM, "average pool", "conv classes 1x1"),
        ),
        bias=False,
    ),
    epochs=12,
    batch_size=256,
    optimizer=AdamSpec(),
    schedule=PiecewiseLinearSpec(epochs=(0, 3, 12), rates=(0.002, 0.015, 0)),
    augmentation=(CropSpec(1, border="black"),),
    precision="fp32",
    evaluation=_EVALUATION,
)
