"""How the images of an epoch divide into batches."""

from __future__ import annotations

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe

MAX_STEPS = 10**10
"""The longest allowed trial; at a thousand steps per second it would take four months."""


def steps_per_epoch(recipe: Recipe, images: int) -> int:
    """Return the steps of one epoch over `images` training images.

    Raises:
        DawnbenchError: the images do not fill one batch, or a trial would take forever.
    """
    if recipe.batch_size > images and recipe.drop_last:
        raise DawnbenchError(
            f"batch_size={recipe.batch_size} exceeds the {images} training images; choose a smaller one, as "
            f"with --set batch_size={max(1, images // 4)}, or add --set drop_last=false"
        )
    steps = images // recipe.batch_size if recipe.drop_last else -(-images // recipe.batch_size)
    if recipe.epochs * steps > MAX_STEPS:
        raise DawnbenchError(
            f"epochs={recipe.epochs} of {steps} steps each make a trial of {recipe.epochs * steps:,} steps, "
            f"more than the limit of {MAX_STEPS:,}; set fewer epochs"
        )
    return steps


def check_batches(recipe: Recipe, images: int, devices: int) -> None:
    """Check that every batch of an epoch can be split between the devices.

    Raises:
        DawnbenchError: it cannot.
    """
    if recipe.batch_size % devices:
        nearest = max(1, round(recipe.batch_size / devices)) * devices
        raise DawnbenchError(
            f"batch_size={recipe.batch_size} is the batch of all devices together and cannot be split evenly "
            f"between {devices}; choose a multiple of {devices}, as with --set batch_size={nearest}"
        )
    last = images % recipe.batch_size
    if not recipe.drop_last and 0 < last < devices:
        raise DawnbenchError(
            f"the last batch of an epoch has {last} image{'s' if last > 1 else ''}, fewer than the {devices} "
            "devices; choose another batch_size, or add --set drop_last=true"
        )
