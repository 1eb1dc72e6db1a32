"""DavidNet, the 24-epoch original.

David Page's entry to DAWNBench (first of one GPU, 2018) as described in "How to Train Your ResNet", 1 to 4.
Published: 94 % in 35 of 50 runs, median 94.08 %.
"""

from dawnbench.recipes.parts import (
    CropSpec,
    CutoutSpec,
    DavidNetSpec,
    FlipSpec,
    NesterovSGDSpec,
    PiecewiseLinearSpec,
)
from dawnbench.recipes.recipe import DatasetSpec, Recipe

recipe = Recipe(
    name="davidnet",
    summary="the 24-epoch DAWNBench entry, CIFAR-10",
    target=0.94,
    trials=1,
    dataset=DatasetSpec("cifar10", mean=(0.4914, 0.4822, 0.4465), std=(0.2471, 0.2435, 0.2616)),
    model=DavidNetSpec(),
    epochs=24,
    batch_size=512,
    optimizer=NesterovSGDSpec(momentum=0.9, weight_decay=5e-4),
    schedule=PiecewiseLinearSpec(epochs=(0, 5, 24), rates=(0, 0.4, 0)),
    augmentation=(CropSpec(4), FlipSpec(), CutoutSpec(8)),
    compile="auto",
)
