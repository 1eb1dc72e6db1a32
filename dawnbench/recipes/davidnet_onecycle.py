"""DavidNet trained by Adam with one cycle: a course write-up of 2020, 24 epochs.

Published: 89.28 % after 24 epochs of 29 s, validation included; the training loss is the mean of the batch
means, and the training accuracy is counted in training mode.
"""

from __future__ import annotations

from dawnbench.recipes.parts import (
    AdamSpec,
    CropSpec,
    CutoutSpec,
    DavidNetSpec,
    FlipSpec,
    PiecewiseLinearSpec,
)
from dawnbench.recipes.recipe import DatasetSpec, Recipe, WriteUp

STEPS = 98
"""Per epoch; the last batch has 336 images."""
PEAK = 0.0507

recipe = Recipe(
    name="davidnet-onecycle",
    summary="DavidNet by Adam with one cycle, CIFAR-10",
    target=0.8928,
    trials=1,
    dataset=DatasetSpec("cifar10", mean=(0.4914, 0.4822, 0.4465), std=(0.2471, 0.2435, 0.2616)),
    model=DavidNetSpec(
        conv_bias=True, head_bias=True, logit_scale=1.0, pool_first=True, residual="doubled", xavier=True
    ),
    epochs=24,
    batch_size=512,
    drop_last=False,
    optimizer=AdamSpec(beta1=0.95, beta2=0.999, weight_decay=1e-4),
    # torch's OneCycleLR: its peak is one step before 5/24 of all steps, its end at the last step, not after
    # it.
    schedule=PiecewiseLinearSpec(
        epochs=(0, (5 * STEPS - 1) / STEPS, (24 * STEPS - 1) / STEPS, 24),
        rates=(PEAK / 100, PEAK, PEAK / 10_000, PEAK / 10_000),
        momenta=(0.95, 0.85, 0.95, 0.95),
    ),
    augmentation=(CropSpec(4), FlipSpec(), CutoutSpec(16, probability=0.5)),
    precision="fp32",
    write_up=WriteUp(
        target=(
            "See how far one cycle of the rate takes DavidNet under Adam in 24 epochs, without a search for "
            "better settings. Published: 89.28 % in epochs of 29 s."
        ),
    ),
)
