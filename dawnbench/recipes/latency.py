"""CIFAR-10 to 94 % with a model that answers one image fast.

For `dawnbench infer`, where the clock counts the answers and not the training. The network and the method are
those of `speedrun` with a narrower second group, trained for more epochs. Evaluation is plain: an answer is
one forward pass over the image itself, so the accuracy of several views would be that of another model.

Not there yet: one trial on a CPU (seed 0, bf16) ended at 93.48 %.
"""

from dawnbench.recipes.parts import (
    AlternatingFlipSpec,
    ColorJitterSpec,
    CropSpec,
    LookaheadSpec,
    MuonSpec,
    PiecewiseLinearSpec,
    SpeedNetSpec,
)
from dawnbench.recipes.recipe import DatasetSpec, EvaluationSpec, Recipe

recipe = Recipe(
    name="latency",
    summary="94 % with a fast answer to a single image, CIFAR-10",
    target=0.94,
    trials=1,
    dataset=DatasetSpec("cifar10", mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616)),
    model=SpeedNetSpec(widths=(64, 192, 256), activation="silu", norm_momentum=0.44, whitening_images=960),
    epochs=24,
    batch_size=1536,
    optimizer=MuonSpec(
        momentum=0.655,
        sgd_momentum=0.825,
        bias_rate_scale=0.254,
        head_rate_scale=2.4,
        weight_decay=4.6e-6,
        first_bias_epochs=0.2,
    ),
    schedule=PiecewiseLinearSpec(epochs=(0, 23, 24), rates=(0.2255, 0.0113, 0.0113)),
    resolutions=(24, 28, 32),
    augmentation=(CropSpec(2), AlternatingFlipSpec(), ColorJitterSpec(brightness=0.14, contrast=0.13)),
    label_smoothing=0.09,
    compile="auto",
    average=LookaheadSpec(last_steps=20, every=4, momentum=0.7),
    evaluation=EvaluationSpec(batch_size=1000),
)
