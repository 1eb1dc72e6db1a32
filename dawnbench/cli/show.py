"""A recipe as resolved, in words."""

from __future__ import annotations

import json
from dataclasses import fields

from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.names import KNOWN_SHAPES, Shape
from dawnbench.engine.describe import describe_model
from dawnbench.engine.device import open_device
from dawnbench.engine.memory import forecast
from dawnbench.engine.probe import Shape as DataShape
from dawnbench.recipes import Recipe
from dawnbench.recipes.overrides import leaf_paths, leaf_value
from dawnbench.recipes.part import Part, kind_of
from dawnbench.report.sections import model_table
from dawnbench.report.units import number_bytes


def describe_recipe(recipe: Recipe) -> str:
    """Return every key as `--set` takes it, the layers, the parameters and the FLOPs."""
    name = recipe.dataset.name
    shape = KNOWN_SHAPES.get(name) or _loaded_shape(name)
    model = describe_model(recipe, shape.channels, shape.classes, shape.train_images)
    keys = "\n".join(f"{path}={json.dumps(leaf_value(recipe, path))}" for path in leaf_paths(recipe))
    tables = f"{_parts(recipe)}\n\n{keys}\n\ndigest {recipe.digest()}\n\n{model_table(model)}"
    return f"{tables}\n{_memory(recipe, shape)}"


def _parts(recipe: Recipe) -> str:
    """Return a line a place with the kinds of part that fill it; a part may have no key to show itself by."""
    lines = []
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        if parts and all(isinstance(part, Part) for part in parts):
            lines.append(f"{field.name}: {', '.join(kind_of(part) for part in parts)}")
    return "\n".join(lines)


def _memory(recipe: Recipe, shape: Shape) -> str:
    """Return how much a trial takes on the device that a run would choose here."""
    device = open_device("auto")
    counts = shape.train_images, shape.test_images
    data = DataShape(*counts, shape.side, shape.side, shape.channels, shape.classes)
    told = forecast(recipe, data, device)
    peak = None if told is None else told.peak_bytes(recipe.batch_size)
    return f"A trial takes {number_bytes(peak)} of memory on {device.torch} at its peak, data set included."


def _loaded_shape(name: str) -> Shape:
    dataset = load_dataset(name)
    height, width, channels = dataset.image_shape
    return Shape(
        channels,
        len(dataset.classes),
        len(dataset.train_images),
        len(dataset.test_images),
        side=max(height, width),
    )
