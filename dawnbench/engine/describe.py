"""Describes the model of a recipe without computing anything."""

from __future__ import annotations

from dawnbench.engine.batches import steps_per_epoch
from dawnbench.errors import DawnbenchError
from dawnbench.models.counting import describe
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.schema import ModelRecord


def describe_model(recipe: Recipe, channels: int, classes: int, images: int) -> ModelRecord:
    """Return the layers, parameters and FLOPs of the recipe's model without computing anything.

    Raises:
        DawnbenchError: the model does not accept the recipe's batches or images.
    """
    size = recipe.dataset.image_size
    last = 0 if recipe.drop_last else images % recipe.batch_size
    per_epoch = steps_per_epoch(recipe, images)
    steps = {size: epochs * per_epoch for size, epochs in recipe.epochs_by_resolution().items()}
    try:
        return describe(
            lambda: recipe.model.build(channels, classes),
            (channels, size, size),
            recipe.batch_size,
            steps,
            last,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise DawnbenchError(
            f"the model does not accept batches of {recipe.batch_size}"
            + (f" and a last one of {last}" if last else "")
            + f" images of {size}x{size}: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    """Return torch's message without its stack trace."""
    return next(iter(str(error).splitlines()), type(error).__name__)
