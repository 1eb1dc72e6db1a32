"""Random images in CIFAR-10's shape: what they show does not change a step's time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dawnbench.data.dataset import Dataset, make_dataset

MIN_IMAGES = 10
"""Every class occurs in both splits, so that the number of classes does not depend on the draw."""


def random_images(train: int, test: int = 64) -> Dataset:
    random = np.random.default_rng(0)
    counts = {"train": max(train, MIN_IMAGES), "test": max(test, MIN_IMAGES)}
    splits: dict[str, Any] = {}
    for split, count in counts.items():
        splits[f"{split}_images"] = random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        splits[f"{split}_labels"] = np.arange(count) % 10
    return make_dataset("random", **splits)


def write_images(path: Path, train: int, test: int = 64) -> Path:
    """Write them as an .npz file that `--data` takes."""
    made = random_images(train, test)
    np.savez(
        path,
        x_train=made.train_images,
        y_train=made.train_labels,
        x_test=made.test_images,
        y_test=made.test_labels,
    )
    return path
