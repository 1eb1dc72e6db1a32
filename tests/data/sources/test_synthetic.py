from __future__ import annotations

import numpy as np
import pytest

from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset


@pytest.fixture(scope="module")
def synthetic() -> Dataset:
    return load_dataset("synthetic")


def test_it_has_the_shape_of_cifar10(synthetic: Dataset) -> None:
    assert synthetic.train_images.shape == (50_000, 32, 32, 3)
    assert synthetic.test_images.shape == (10_000, 32, 32, 3)
    assert np.bincount(synthetic.train_labels).tolist() == [5000] * 10
    assert np.bincount(synthetic.test_labels).tolist() == [1000] * 10


def test_it_never_changes(synthetic: Dataset) -> None:
    fingerprint = "c121dbf4ec39353909ea4a01bfbae3d5c2bcbf18a1bd7e9eaf1949b54b6f9f35"
    assert synthetic.fingerprint == fingerprint


def test_no_sum_ran_over_a_byte(synthetic: Dataset) -> None:
    assert synthetic.train_images.max() <= 254
    noise = synthetic.train_images[::10].astype(int) - synthetic.train_images[::10].min(axis=0)
    assert 126 <= noise.max() <= 127


def test_the_classes_differ_smoothly_and_the_images_of_one_differ_too(synthetic: Dataset) -> None:
    means = np.stack([synthetic.train_images[label:2000:10].mean(axis=0) for label in range(10)])
    apart = [abs(a - b).mean() for i, a in enumerate(means) for b in means[:i]]
    assert min(apart) > 10
    assert abs(np.diff(means, axis=1)).mean() < min(apart)
    assert (synthetic.train_images[0] != synthetic.train_images[10]).mean() > 0.9
