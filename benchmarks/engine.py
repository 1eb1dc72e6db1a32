"""dawnbench's own trainer, made ready on images that need no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from dawnbench.engine.plan import Plan, Split
from dawnbench.engine.trainer import Trainer
from dawnbench.recipes.build import make_model, make_plan

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.engine.device import Device, open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.recipes import Recipe, find_recipe


class SilentLedger(Ledger):
    """Times nothing: for the loop without the harness."""

    def __init__(self) -> None:
        pass

    @contextmanager
    def segment(self, name: str, epoch: int | None = None) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Made:
    """A trainer, and what it was made of."""

    recipe: Recipe
    dataset: Dataset
    device: Device
    plan: Plan
    trainer: Trainer


def synthetic(train: int, validation: int = 64) -> Dataset:
    """Return random images in CIFAR-10's shape."""
    random = np.random.default_rng(0)

    def split(count: int) -> tuple[Any, Any]:
        # Every class occurs in both, so that the count of classes does not hang on the draw.
        return random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8), np.arange(count) % 10

    train_images, train_labels = split(max(train, 10))
    test_images, test_labels = split(max(validation, 10))
    return make_dataset(
        "synthetic",
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )


def make_trainer(
    dataset: Dataset,
    *,
    device: str,
    batch: int,
    widths: tuple[int, ...],
    epochs: int,
    recipe: str = "davidnet",
) -> Made:
    """Tune the process as a run does, and build the recipe's trainer at this size."""
    opened = open_device(device)
    opened.tune()
    found = find_recipe(recipe)
    resolved = replace(
        found,
        batch_size=batch,
        epochs=epochs,
        model=replace(found.model, widths=widths),  # type: ignore[call-arg]
    )
    model = make_model(resolved, dataset, opened)
    plan = make_plan(resolved, dataset, opened, model)
    train = Split(torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels))
    validation = Split(torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels))
    return Made(resolved, dataset, opened, plan, Trainer(plan, opened, train, validation))
