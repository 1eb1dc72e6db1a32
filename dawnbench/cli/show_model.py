"""What a recipe's model consists of and how much memory its training takes, in words; needs torch."""

from __future__ import annotations

from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.names import KNOWN_SHAPES, Shape
from dawnbench.engine.device import open_device
from dawnbench.engine.memory import forecast
from dawnbench.engine.prepare import describe_model
from dawnbench.engine.probe import DataShape
from dawnbench.recipes import Recipe
from dawnbench.report.text.sections import model_table
from dawnbench.report.units import number_bytes


def model_and_memory(recipe: Recipe) -> str:
    """Return the table of layers with the totals, and how much memory a trial takes here."""
    name = recipe.dataset.name
    shape = KNOWN_SHAPES.get(name) or _loaded_shape(name)
    model = describe_model(recipe, shape.channels, shape.classes, shape.train_images)
    return f"{model_table(model)}\n{_memory(recipe, shape)}"


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
