"""What a recipe's model consists of and how much memory its training takes, in words; needs torch."""

from __future__ import annotations

import numpy as np
import torch

from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.names import KNOWN_SHAPES, Shape
from dawnbench.recipes import Recipe
from dawnbench.recipes.build import describe_model, make_model, make_plan
from dawnbench.report.sections import model_table
from dawnbench.report.units import number_bytes
from dawnbench.train.device import open_device
from dawnbench.train.memory import forecast
from dawnbench.train.plan import Split


def model_and_memory(recipe: Recipe) -> str:
    """Return the table of layers with the totals, and how much memory a trial takes here."""
    name = recipe.dataset.name
    shape = KNOWN_SHAPES.get(name) or _loaded_shape(name)
    model = describe_model(recipe, shape.channels, shape.classes, shape.train_images)
    return f"{model_table(model)}\n{_memory(recipe, shape)}"


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
