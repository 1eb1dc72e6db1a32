"""A recipe as resolved, in words."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import torch

from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.names import KNOWN_SHAPES, Shape
from dawnbench.recipes import Recipe
from dawnbench.recipes.build import describe_model, make_model, make_plan
from dawnbench.recipes.overrides import leaf_paths, leaf_value
from dawnbench.recipes.part import Part, kind_of
from dawnbench.report.sections import model_table
from dawnbench.report.units import number_bytes
from dawnbench.train.device import open_device
from dawnbench.train.memory import forecast
from dawnbench.train.plan import Split


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
    images = (shape.side, shape.side, shape.channels)
    dataset = Dataset(
        source=recipe.dataset.name,
        train_images=np.zeros((shape.train_images, *images), np.uint8),
        train_labels=np.zeros(shape.train_images, np.int64),
        test_images=np.zeros((shape.test_images, *images), np.uint8),
        test_labels=np.zeros(shape.test_images, np.int64),
        classes=("",) * shape.classes,
        fingerprint="",
    )
    device = open_device("auto")
    plan = make_plan(recipe, dataset, device, make_model(recipe, dataset, device))
    train = Split(torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels))
    validation = Split(torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels))
    told = forecast(plan, train, validation, device)
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
