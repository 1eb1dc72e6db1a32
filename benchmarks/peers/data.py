"""The same data for everyone: what a peer reads from its files comes from the host's memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from dawnbench.data.dataset import Dataset
from dawnbench.errors import DawnbenchError

Load = Callable[..., dict[str, Any]]

FOLDER = "cifar10"
"""Where the scripts look, from their working directory."""
SHAPE = (32, 32, 3)
CLASSES = 10


def serve(dataset: Dataset, folder: Path) -> Load:
    """Return what a peer is to call for `torch.load`, and set up the folder in which it looks for its files.

    The peers keep `train.pt` and `test.pt`: `images` (N, 32, 32, 3) uint8, `labels` (N,) int64, `classes`.
    The files here are empty; the tensors are those of the data set, so that a load costs the transfer from
    the host's memory to the device and nothing else, as `strict` requires.

    Raises:
        DawnbenchError: the images are not 32 x 32 in colour or have more than ten classes.
    """
    if dataset.image_shape != SHAPE or len(dataset.classes) > CLASSES:
        size = "x".join(str(length) for length in dataset.image_shape)
        raise DawnbenchError(
            f"{dataset.source} has {size} images of {len(dataset.classes)} classes, and the peers accept "
            "32x32x3 of at most 10; give --data cifar10"
        )
    splits = {
        "train": (torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels)),
        "test": (torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels)),
    }
    (folder / FOLDER).mkdir()
    for split in splits:
        (folder / FOLDER / f"{split}.pt").touch()

    def load(path: str, map_location: torch.device, **_: object) -> dict[str, Any]:
        images, labels = splits[Path(path).stem]
        return {
            "images": images.to(map_location),
            "labels": labels.to(map_location),
            "classes": list(dataset.classes),
        }

    return load
