"""A small training that a GPU does in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.engine.device import Device, open_device
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.recipes import ModelPart, Recipe, find_recipe

CLASSES, TRAIN, VALIDATION = 10, 2048, 512


@pytest.fixture
def device() -> Device:
    opened = open_device("cuda")
    opened.tune()
    return opened


@pytest.fixture(scope="session")
def images() -> Dataset:
    """Ten colours under noise: what any network tells apart within a few epochs."""
    random = np.random.default_rng(0)
    colours = random.integers(0, 128, (CLASSES, 1, 1, 3))

    def split(count: int) -> tuple[Any, Any]:
        labels = np.arange(count) % CLASSES
        return (colours[labels] + random.integers(0, 128, (count, 32, 32, 3))).astype(np.uint8), labels

    (train_images, train_labels), (test_images, test_labels) = split(TRAIN), split(VALIDATION)
    return make_dataset(
        "colours",
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )


@pytest.fixture
def narrow() -> Callable[..., Recipe]:
    """Make a recipe narrow, short and not compiled, which takes most of a minute; fields by keyword."""

    def make(name: str, **changes: Any) -> Recipe:
        recipe = find_recipe(name)
        size: dict[str, Any] = {"epochs": 4, "batch_size": 128, "compile": False}
        size["model"] = _narrow(recipe.model)
        return replace(recipe, **(size | changes))

    return make


def _narrow(model: ModelPart) -> ModelPart:
    """Return the model with widths of at most 32; one without widths is small already."""
    widths = getattr(model, "widths", None)
    return model if widths is None else replace(model, widths=(16, 16, 32, 32)[: len(widths)])  # type: ignore[call-arg]


@pytest.fixture
def make_prepared(device: Device, images: Dataset) -> Callable[[Recipe], Prepared]:
    return lambda recipe: prepare(recipe, images, device)
