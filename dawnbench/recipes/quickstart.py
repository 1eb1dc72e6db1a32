"""A first run in under a minute: real training on real data that comes with the package."""

from dawnbench.recipes.parts import CropSpec, DavidNetSpec, NesterovSGDSpec, PiecewiseLinearSpec
from dawnbench.recipes.recipe import DatasetSpec, Recipe

recipe = Recipe(
    name="quickstart",
    summary="a narrow DavidNet on digits, under a minute",
    target=0.97,
    trials=3,
    dataset=DatasetSpec("digits"),
    model=DavidNetSpec(widths=(16, 32, 64, 128)),
    epochs=8,
    batch_size=128,
    optimizer=NesterovSGDSpec(momentum=0.9, weight_decay=5e-4),
    schedule=PiecewiseLinearSpec(epochs=(0, 2, 8), rates=(0, 0.4, 0)),
    augmentation=(CropSpec(2),),
)
