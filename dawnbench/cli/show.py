"""A recipe as resolved, in words."""

from __future__ import annotations

import json

from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.names import KNOWN_SHAPES, Shape
from dawnbench.recipes import Recipe
from dawnbench.recipes.build import describe_model
from dawnbench.recipes.overrides import leaf_paths, leaf_value
from dawnbench.report.log import model_table


def describe_recipe(recipe: Recipe) -> str:
    """Return every key as `--set` takes it, the layers, the parameters and the FLOPs."""
    name = recipe.dataset.name
    shape = KNOWN_SHAPES.get(name) or _loaded_shape(name)
    model = describe_model(recipe, shape.channels, shape.classes, shape.train_images)
    keys = "\n".join(f"{path}={json.dumps(leaf_value(recipe, path))}" for path in leaf_paths(recipe))
    return f"{keys}\n\ndigest {recipe.digest()}\n\n{model_table(model)}"


def _loaded_shape(name: str) -> Shape:
    dataset = load_dataset(name)
    return Shape(dataset.image_shape[2], len(dataset.classes), len(dataset.train_images))
