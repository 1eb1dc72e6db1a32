"""The shipped data set: 1,797 handwritten digits of 8x8 pixels.

From "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning
Repository, CC BY 4.0; digits.LICENSE.md, beside this file, says what was changed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dawnbench.data.dataset import Dataset, make_dataset, range_names

FILE = Path(__file__).with_name("digits.npz")
INK_LEVELS = 16
"""An original pixel counts the dark points in a block of 4x4: 0 to 16."""
TEST_EVERY = 5


def load_digits() -> Dataset:
    """Return 1,437 train and 360 test images, (N, 8, 8, 1).

    The images are sorted by class, in their original order within a class, and every fifth image, starting
    with the first, is a test image, so that both splits have the same class proportions. The same 13 people
    wrote both splits: the accuracy is higher than it would be for other writers.
    """
    with np.load(FILE, allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"]
    by_class = np.argsort(labels, kind="stable")
    is_test = np.zeros(len(labels), dtype=bool)
    is_test[by_class[::TEST_EVERY]] = True
    # Scale 0..16 to 0..255, rounded, in integers, so that the fingerprint is the same on every machine.
    pixels = ((images.astype(np.uint16) * 255 + INK_LEVELS // 2) // INK_LEVELS).astype(np.uint8)
    return make_dataset(
        "digits",
        train_images=pixels[~is_test],
        train_labels=labels[~is_test],
        test_images=pixels[is_test],
        test_labels=labels[is_test],
        classes=range_names(10),
    )
