"""dawnbench's own engine, made ready on images that need no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.engine.device import open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.recipes import find_recipe


class SilentLedger(Ledger):
    """Times nothing: for the loop without the harness."""

    def __init__(self) -> None:
        pass

    @contextmanager
    def segment(self, name: str, epoch: int | None = None) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Made:
    """What trials run on, and the data that it was made of."""

    dataset: Dataset
    prepared: Prepared


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


def make_prepared(
    dataset: Dataset,
    *,
    device: str,
    batch: int,
    widths: tuple[int, ...],
    epochs: int,
    recipe: str = "davidnet",
) -> Made:
    """Tune the process as a run does, and prepare the recipe at this size."""
    opened = open_device(device)
    opened.tune()
    found = find_recipe(recipe)
    resolved = replace(
        found,
        batch_size=batch,
        epochs=epochs,
        model=replace(found.model, widths=widths),  # type: ignore[call-arg]
    )
    return Made(dataset, prepare(resolved, dataset, opened))
