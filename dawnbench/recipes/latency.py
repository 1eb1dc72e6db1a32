"""CIFAR-10 to 94 % with a model that answers one image fast.

For `dawnbench infer`, where the clock counts the answers and not the training. The network and the method are
those of `speedrun` with a wider last group, trained for three times as many epochs, with cutout. Evaluation
is plain: an answer is one forward pass over the image itself, so the accuracy of several views would be that
of another model.

One trial on a CPU (seed 0, bf16) ended at 93.92 %. Twelve more epochs from its weights, at a third of the
rate, brought it to 94.19 %, and 94.15 % in int8: docs/results/inference-cpu.md has the commands.
"""

from dataclasses import replace

from dawnbench.recipes.parts import (
    AlternatingFlipSpec,
    ColorJitterSpec,
    CropSpec,
    CutoutSpec,
    PiecewiseLinearSpec,
    SpeedNetSpec,
)
from dawnbench.recipes.recipe import EvaluationSpec
from dawnbench.recipes.speedrun import recipe as speedrun

recipe = replace(
    speedrun,
    name="latency",
    summary="94 % with a fast answer to a single image, CIFAR-10",
    trials=1,
    model=SpeedNetSpec(widths=(64, 256, 384), activation="silu", norm_momentum=0.44, whitening_images=960),
    epochs=27,
    schedule=PiecewiseLinearSpec(epochs=(0, 26, 27), rates=(0.2255, 0.0113, 0.0113)),
    resolutions=(24, 28, 32, 32),
    augmentation=(
        CropSpec(3),
        AlternatingFlipSpec(),
        ColorJitterSpec(brightness=0.14, contrast=0.13),
        CutoutSpec(8),
    ),
    evaluation=EvaluationSpec(batch_size=1000),
)
