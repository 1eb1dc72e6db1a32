"""Generated images in CIFAR-10's shape, for throughput measurements without a data set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dawnbench.data.dataset import Dataset, Images, make_dataset, range_names

SEED = 20180420
CLASSES, SIDE, CHANNELS = 10, 32, 3
TRAIN_IMAGES, TEST_IMAGES = 50_000, 10_000
GRID = 4
"""A class's pattern has this many random values per side and channel, interpolated over the image."""
HALF_RANGE = 127
"""The largest value of the pattern and of the noise: their sum fits into a byte."""


def load_synthetic() -> Dataset:
    """Return 50,000 + 10,000 images, (N, 32, 32, 3), of ten classes that a small network can distinguish.

    Image i has the label i % 10 and is its class's smooth pattern plus uniform noise. All of it is integer
    arithmetic on the raw stream of PCG64, which numpy promises never to change: the pixels, and hence the
    fingerprint, are the same on every machine. Accuracy on it is meaningless.
    """
    bits = np.random.PCG64(SEED)
    patterns = _patterns(bits)
    images = _bytes(bits, (TRAIN_IMAGES + TEST_IMAGES) * patterns[0].size) & HALF_RANGE
    images = images.reshape(-1, *patterns.shape)  # one image of each class, over and over
    images += patterns
    images = images.reshape(-1, *patterns.shape[1:])
    labels = np.arange(len(images)) % CLASSES
    return make_dataset(
        "synthetic",
        train_images=images[:TRAIN_IMAGES],
        train_labels=labels[:TRAIN_IMAGES],
        test_images=images[TRAIN_IMAGES:],
        test_labels=labels[TRAIN_IMAGES:],
        classes=range_names(CLASSES),
    )


def _patterns(bits: np.random.PCG64) -> Images:
    """Return (classes, side, side, channels), 0 to 127: a coarse random grid, interpolated."""
    grid = (
        _bytes(bits, CLASSES * GRID * GRID * CHANNELS).reshape(CLASSES, GRID, GRID, CHANNELS).astype(np.int64)
    )
    steps = SIDE - 1
    along = np.arange(SIDE) * (GRID - 1)
    left = np.minimum(along // steps, GRID - 2)
    weight = along - left * steps  # of the right neighbor, in 1/steps
    rows = grid[:, left] * (steps - weight)[:, None, None] + grid[:, left + 1] * weight[:, None, None]
    both = rows[:, :, left] * (steps - weight)[:, None] + rows[:, :, left + 1] * weight[:, None]
    patterns: Images = (both * HALF_RANGE // (255 * steps * steps)).astype(np.uint8)
    return patterns


def _bytes(bits: np.random.PCG64, count: int) -> Images:
    words: npt.NDArray[np.uint64] = bits.random_raw(-(-count // 8))
    stream: Images = words.astype("<u8", copy=False).view(np.uint8)[:count]
    return stream
