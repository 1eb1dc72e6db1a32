"""Counts a recipe's layers, parameters, FLOPs and memory without training it.

`python -m dawnbench.engine.recipe_counts` counts those of the package's own recipes again and writes the file
that is shipped with it.
"""

from __future__ import annotations

from dataclasses import replace

from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.names import KNOWN_SHAPES, Shape
from dawnbench.engine.describe import describe_model
from dawnbench.engine.device.base import Device
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.probe import DataShape, probe
from dawnbench.recipes.catalogue import list_recipes
from dawnbench.recipes.recipe import Precision, Recipe
from dawnbench.recipes.shipped_counts import SHIPPED, RecipeCounts, to_json
from dawnbench.records.files import write


def count_recipe(recipe: Recipe) -> RecipeCounts:
    """Return what training the recipe takes; only a data set of the user's own is read.

    Raises:
        DawnbenchError: the model does not accept the data, or the data cannot be read.
    """
    shape = KNOWN_SHAPES.get(recipe.dataset.name) or _loaded_shape(recipe)
    model = describe_model(recipe, shape.channels, shape.classes, shape.train_images)
    return RecipeCounts(shape, model, _peak_bytes(recipe, shape))


def _peak_bytes(recipe: Recipe, shape: Shape) -> dict[str, int | None]:
    """Return the memory of a trial on a CPU and on a device with its own memory.

    If the recipe's precision is `auto`, there is one for each that a device may choose; the formats of 16
    bits take the same memory.
    """
    counts = shape.train_images, shape.test_images
    data = DataShape(*counts, shape.side, shape.side, shape.channels, shape.classes)

    def peak(device: Device, precision: Precision) -> int | None:
        probed = probe(replace(recipe, precision=precision), data, device, recipe.batch_size)
        return None if probed is None else probed.peak

    cpu, gpu = CpuDevice("cpu"), Device("cpu")  # a plain device has memory of its own, as a GPU has
    if recipe.precision != "auto":
        return {"a CPU": peak(cpu, recipe.precision), "a GPU": peak(gpu, recipe.precision)}
    return {
        "a CPU in fp32": peak(cpu, "fp32"),
        "a CPU in bf16": peak(cpu, "bf16"),
        "a GPU in bf16 or fp16": peak(gpu, "bf16"),
    }


def _loaded_shape(recipe: Recipe) -> Shape:
    # As for a run: the images of a folder may differ in size.
    dataset = load_dataset(recipe.dataset.name, image_size=recipe.dataset.image_size)
    height, width, channels = dataset.image_shape
    return Shape(
        channels,
        len(dataset.classes),
        len(dataset.train_images),
        len(dataset.test_images),
        side=max(height, width),
    )


if __name__ == "__main__":
    write(to_json((recipe, count_recipe(recipe)) for recipe in list_recipes()), SHIPPED)
