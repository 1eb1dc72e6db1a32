"""CIFAR-10 to 94 % as fast as possible.

After the public speed records: airbench94_muon (Jordan 2024, arXiv:2404.00498, and its later Muon version),
hiverge's, and fulcrumresearch's E1 (2026), whose settings were the starting point. docs/speedrun.md gives the
measurements of each change.
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
    name="speedrun",
    summary="94 % in the least time, CIFAR-10",
    target=0.94,
    trials=3,
    dataset=DatasetSpec("cifar10", mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616)),
    model=SpeedNetSpec(widths=(64, 256, 256), activation="silu", norm_momentum=0.44, whitening_images=960),
    epochs=9,
    batch_size=1536,
    optimizer=MuonSpec(
        momentum=0.655,
        sgd_momentum=0.825,
        bias_rate_scale=0.254,
        head_rate_scale=2.4,
        weight_decay=4.6e-6,
        first_bias_epochs=0.2,
    ),
    schedule=PiecewiseLinearSpec(epochs=(0, 8.6, 9), rates=(0.2255, 0.0113, 0.0113)),
    resolutions=(24, 28, 32),
    augmentation=(CropSpec(2), AlternatingFlipSpec(), ColorJitterSpec(brightness=0.14, contrast=0.13)),
    label_smoothing=0.09,
    compile="auto",
    average=LookaheadSpec(last_steps=20, every=4, momentum=0.7),
    # Shifted views only of the least certain fifth of the images: a fixed number, hence a fixed shape.
    evaluation=EvaluationSpec(
        batch_size=1000, flip=True, shift=1, tta_images=2_000, tta_last_epoch_only=True
    ),
)
