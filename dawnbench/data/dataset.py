"""What every data source returns: two validated splits of decoded uint8 images, with a fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dawnbench.errors import DawnbenchError

Array = npt.NDArray[Any]
Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

MAX_CLASSES = 100_000
"""Without class names, a label beyond this is considered a mistake (ImageNet-21k has 21,841 classes)."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Decoded images and labels of two splits, in host memory; create it with `make_dataset`."""

    source: str
    """The name, or the path as the user gave it."""
    train_images: Images
    """(N, height, width, channels), 0 to 255, C-contiguous."""
    train_labels: Labels
    """(N,), 0 to len(classes) - 1."""
    test_images: Images
    """(M, height, width, channels), of the same height, width and channels."""
    test_labels: Labels
    """(M,)."""
    classes: tuple[str, ...]
    """The name of each label, or its number if the source has no names."""
    fingerprint: str
    """64 hex digits: see `fingerprint_of`."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        _, height, width, channels = self.train_images.shape
        return height, width, channels


def make_dataset(
    source: str,
    *,
    train_images: Array,
    train_labels: Array,
    test_images: Array,
    test_labels: Array,
    classes: Sequence[str] | None = None,
    where: str | None = None,
) -> Dataset:
    """Check both splits and return them as a `Dataset`.

    Images are uint8, (N, height, width, channels), or (N, height, width) for gray images, which get a channel
    axis of one. Labels are integers of any width, (N,) or (N, 1). Without `classes` their number is the
    largest label of either split plus one, and they are named by number. `where` is the file or folder that
    an error names, by default `source`.

    Raises:
        DawnbenchError: A split is empty, has the wrong dtype or shape, or a label without a class.
    """
    where = source if where is None else where
    train_images = _checked_images(train_images, "train", where)
    test_images = _checked_images(test_images, "test", where)
    if train_images.shape[1:] != test_images.shape[1:]:
        raise DawnbenchError(
            f"the train images of {where} are {_by(train_images.shape[1:])} and the test images are "
            f"{_by(test_images.shape[1:])} (height x width x channels); resize both to one size"
        )
    train_labels = _checked_labels(train_labels, len(train_images), "train", where)
    test_labels = _checked_labels(test_labels, len(test_images), "test", where)
    if classes is None:
        classes = range_names(min(MAX_CLASSES, 1 + max(int(train_labels.max()), int(test_labels.max()))))
    for split, labels in (("train", train_labels), ("test", test_labels)):
        if int(labels.max()) >= len(classes):
            raise DawnbenchError(
                f"{split} image {labels.argmax()} of {where} has the label {labels.max()}, but there are "
                f"{len(classes)} classes; number the labels from 0 to {len(classes) - 1}"
            )
    return Dataset(
        source=source,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        classes=tuple(classes),
        fingerprint=fingerprint_of(train_images, train_labels, test_images, test_labels),
    )


def range_names(count: int) -> tuple[str, ...]:
    """Return "0", "1", ... for classes that have no names."""
    return tuple(str(number) for number in range(count))


def fingerprint_of(
    train_images: Images, train_labels: Labels, test_images: Images, test_labels: Labels
) -> str:
    """Return the sha256, as 64 hex digits, of the shapes, pixels and labels of both splits.

    It depends only on the decoded values and their order: an .npz file and a folder of PNG files with the
    same images in the same order have the same fingerprint, whatever the labels' integer type, the
    compression or the class names. Labels are hashed as little-endian 64-bit integers, so that it is the same
    on every machine.
    """
    digest = hashlib.sha256()
    for array in (
        train_images,
        train_labels.astype("<i8", copy=False),
        test_images,
        test_labels.astype("<i8", copy=False),
    ):
        # The shape comes first; otherwise bytes could move across the boundary of two arrays unnoticed.
        digest.update(f"{_by(array.shape)};".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _checked_images(images: Array, split: str, where: str) -> Images:
    """Return `images` as C-contiguous (N, H, W, C) uint8."""
    if images.dtype != np.uint8:
        raise DawnbenchError(
            f"the {split} images of {where} are {images.dtype}; convert them to uint8, 0 to 255, "
            "as they were decoded"
        )
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or 0 in images.shape:
        raise DawnbenchError(
            f"the {split} images of {where} have the shape {images.shape}; give at least one image, shaped "
            "(N, height, width, channels), or (N, height, width) for gray images"
        )
    if images.shape[1] in (1, 3, 4) and images.shape[3] > 4:
        raise DawnbenchError(
            f"the {split} images of {where} have the shape {images.shape}, which looks like channels first; "
            "store them channels last, with transpose(0, 2, 3, 1)"
        )
    return np.ascontiguousarray(images)


def _checked_labels(labels: Array, images: int, split: str, where: str) -> Labels:
    """Return `labels` as non-negative (N,) int64."""
    if labels.dtype.kind not in "iu":
        raise DawnbenchError(
            f"the {split} labels of {where} are {labels.dtype}; store whole numbers starting from 0"
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DawnbenchError(
            f"the {split} labels of {where} have the shape {labels.shape}; store one class number "
            "per image, (N,) or (N, 1); argmax(axis=1) converts one-hot rows"
        )
    if len(labels) != images:
        raise DawnbenchError(
            f"the {split} split of {where} has {images} images and {len(labels)} labels; "
            "give every image one label"
        )
    for worst in (int(labels.argmin()), int(labels.argmax())):
        if not 0 <= int(labels[worst]) <= np.iinfo(np.int64).max:
            raise DawnbenchError(
                f"{split} image {worst} of {where} has the label {labels[worst]}; "
                "number the classes starting from 0"
            )
    return np.ascontiguousarray(labels, dtype=np.int64)


def _by(shape: Sequence[int]) -> str:
    return "x".join(str(length) for length in shape)
