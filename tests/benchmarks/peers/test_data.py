"""What the peers take for their files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.peers.data import serve
from dawnbench.data.sources import load_dataset
from dawnbench.errors import DawnbenchError


def test_both_splits_as_the_scripts_keep_them(tiny: Path, tmp_path: Path) -> None:
    dataset = load_dataset(str(tiny))
    load = serve(dataset, tmp_path)
    for split, images, labels in (
        ("train", dataset.train_images, dataset.train_labels),
        ("test", dataset.test_images, dataset.test_labels),
    ):
        assert (tmp_path / "cifar10" / f"{split}.pt").exists()
        loaded = load(f"cifar10/{split}.pt", map_location=torch.device("cpu"), weights_only=True)
        assert loaded["images"].dtype == torch.uint8
        assert loaded["labels"].dtype == torch.int64
        assert (loaded["images"].numpy() == images).all()
        assert (loaded["labels"].numpy() == labels).all()


def test_other_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"digits has 8x8x1 images.*give --data cifar10"):
        serve(load_dataset("digits"), tmp_path)
