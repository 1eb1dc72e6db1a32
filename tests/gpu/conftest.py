"""A small training that a GPU does in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from dawnbench.recipes.build import make_model, make_plan
from dawnbench.train.device import Device, open_device
from dawnbench.train.plan import Split
from dawnbench.train.trainer import Trainer

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.recipes import Recipe, find_recipe

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
    """Make a recipe narrow and short; further fields by keyword."""

    def make(name: str, **changes: Any) -> Recipe:
        recipe = find_recipe(name)
        widths = (16, 16, 32, 32)[: len(recipe.model.widths)]  # type: ignore[attr-defined]
        model = replace(recipe.model, widths=widths)  # type: ignore[call-arg]
        return replace(recipe, **({"model": model, "epochs": 4, "batch_size": 128} | changes))

    return make


@pytest.fixture
def make_trainer(device: Device, images: Dataset) -> Callable[[Recipe], Trainer]:
    def make(recipe: Recipe) -> Trainer:
        plan = make_plan(recipe, images, device, make_model(recipe, images, device))
        train = Split(torch.from_numpy(images.train_images), torch.from_numpy(images.train_labels))
        validation = Split(torch.from_numpy(images.test_images), torch.from_numpy(images.test_labels))
        return Trainer(plan, device, train, validation)

    return make
