from __future__ import annotations

import numpy as np

from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.digits import FILE


def test_the_shipped_digits() -> None:
    dataset = load_dataset("digits")
    assert dataset.train_images.shape == (1437, 8, 8, 1)
    assert dataset.test_images.shape == (360, 8, 8, 1)
    assert (dataset.train_images.min(), dataset.train_images.max()) == (0, 255)
    assert dataset.classes == tuple("0123456789")


def test_both_splits_hold_every_class_alike() -> None:
    dataset = load_dataset("digits")
    train, test = np.bincount(dataset.train_labels), np.bincount(dataset.test_labels)
    assert len(train) == len(test) == 10
    assert abs(test - (train + test) / 5).max() < 1


def test_no_image_is_lost_and_none_is_in_both_splits() -> None:
    with np.load(FILE) as archive:
        images, labels = archive["images"], archive["labels"]
    dataset = load_dataset("digits")
    both = np.concatenate([dataset.train_images, dataset.test_images])[..., 0]
    # Back to 0 to 16, so that the scaling shows itself to lose nothing.
    rows = {*map(bytes, np.round(both / 255 * 16).astype(np.uint8))}
    assert rows == {*map(bytes, images)}
    assert len(both) == len(labels) == 1797
    assert not {*map(bytes, dataset.train_images)} & {*map(bytes, dataset.test_images)}


def test_the_digits_never_change() -> None:
    fingerprint = "aea6955fa58eda3e30ece34f829d51f2dc9b11d7adef765c68b41644811f37c8"
    assert load_dataset("digits").fingerprint == fingerprint


def test_the_attribution_is_shipped_beside_them() -> None:
    text = FILE.with_name("digits.LICENSE.md").read_text()
    assert "Alpaydin" in text
    assert "CC BY 4.0" in text
    assert FILE.stat().st_size < 120_000
