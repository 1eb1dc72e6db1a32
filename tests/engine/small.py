"""Recipes that the package brings, made small, on images that need no file."""

from __future__ import annotations

import numpy as np

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.engine.device import Device, open_device
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.overrides import override

CLASSES = 4

SMALL = {
    "davidnet": ("model.widths=[2,3,4,5]", "batch_size=16", "epochs=2"),
    # Whitening, ghost norms, crop, flip and an average.
    "davidnet-10": ("model.widths=[2,3,4,5]", "batch_size=16", "epochs=3", "average.every=1"),
    # Rotation, dropout, a smaller last batch, a rate that depends on the losses.
    "mnist-5": (
        'model.layers=["conv 4 stride 2", "relu", "norm", "dropout 0.3", "conv classes 1x1", "average pool"]',
        *("batch_size=12", "epochs=4", "schedule.patience=0", "schedule.rate=0.1"),
    ),
    # Adam, whose momentum is cycled; cutout with a probability; a smaller last batch.
    "davidnet-onecycle": ("model.widths=[2,3,4,5]", "batch_size=12", "epochs=3"),
    # Muon, an end of the first bias within an epoch, Lookahead, alternating flips, three resolutions.
    "speedrun": (
        *("model.widths=[4,4,4]", "model.whitening_images=16", "batch_size=8", "epochs=3"),
        *("dataset.image_size=20", "resolutions=[16,18,20]", "optimizer.first_bias_epochs=1.5"),
        *("average.last_steps=8", "average.every=2", "evaluation.batch_size=5", "evaluation.tta_images=5"),
    ),
}
"""What makes each of them small."""


def small_recipe(name: str, *settings: str) -> Recipe:
    small_one = override(find_recipe(name), ["precision=fp32", "compile=false", *SMALL[name]])
    return override(small_one, settings)


def noise(recipe: Recipe, train: int = 32, validation: int = 12, channels: int | None = None) -> Dataset:
    """Return random images in the shape that the recipe takes."""
    channels = channels or (1 if recipe.name.startswith("mnist") else 3)
    draws, size = np.random.default_rng(0), recipe.dataset.image_size
    images = [
        draws.integers(0, 256, (count, size, size, channels), dtype=np.uint8) for count in (train, validation)
    ]
    return make_dataset(
        "noise",
        train_images=images[0],
        train_labels=np.arange(train) % CLASSES,
        test_images=images[1],
        test_labels=np.arange(validation) % CLASSES,
    )


def small(name: str, *settings: str, device: Device | None = None, channels: int | None = None) -> Prepared:
    """Return a small recipe with further settings, prepared for noise."""
    recipe = small_recipe(name, *settings)
    return prepare(recipe, noise(recipe, channels=channels), device or open_device("cpu"))
