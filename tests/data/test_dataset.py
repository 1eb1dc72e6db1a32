from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dawnbench.data.dataset import MAX_CLASSES, make_dataset
from dawnbench.errors import DawnbenchError


def arrays(**changes: Any) -> dict[str, Any]:
    whole = {
        "train_images": np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3),
        "train_labels": np.array([0, 1]),
        "test_images": np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3),
        "test_labels": np.array([2, 1, 0]),
    }
    return whole | changes


def test_a_dataset_holds_what_it_was_given() -> None:
    dataset = make_dataset("mine", **arrays())
    assert dataset.source == "mine"
    assert dataset.image_shape == (4, 5, 3)
    assert dataset.train_labels.dtype == dataset.test_labels.dtype == np.int64
    assert dataset.classes == ("0", "1", "2")
    np.testing.assert_array_equal(dataset.train_images, arrays()["train_images"])
    np.testing.assert_array_equal(dataset.test_labels, [2, 1, 0])


def test_grey_images_get_a_channel_axis_and_the_same_fingerprint() -> None:
    grey = {"train_images": np.zeros((2, 4, 5), np.uint8), "test_images": np.ones((3, 4, 5), np.uint8)}
    with_axis = {key: value[..., None] for key, value in grey.items()}
    dataset = make_dataset("grey", **arrays(**grey))
    assert dataset.image_shape == (4, 5, 1)
    assert dataset.fingerprint == make_dataset("other", **arrays(**with_axis)).fingerprint


def test_images_are_contiguous_and_can_be_written_to() -> None:
    turned = np.zeros((2, 3, 4, 5), np.uint8).transpose(0, 2, 3, 1)
    dataset = make_dataset("turned", **arrays(train_images=turned))
    assert dataset.train_images.flags.c_contiguous
    assert dataset.train_images.flags.writeable


@pytest.mark.parametrize("dtype", ["<i8", ">i8", "u1", ">u2", "i4", "u8"])
def test_the_fingerprint_knows_labels_not_their_type(dtype: str) -> None:
    column = {key: arrays()[key].astype(dtype)[:, None] for key in ("train_labels", "test_labels")}
    changed = make_dataset("a", **arrays(**column), classes=("x", "y", "z"))
    assert changed.fingerprint == make_dataset("b", **arrays()).fingerprint


@pytest.mark.parametrize("key", ["train_images", "train_labels", "test_images", "test_labels"])
def test_the_fingerprint_sees_one_changed_value(key: str) -> None:
    changed = arrays()[key].copy()
    changed.flat[0] += 1
    assert (
        make_dataset("a", **arrays(**{key: changed})).fingerprint != make_dataset("a", **arrays()).fingerprint
    )


def test_the_fingerprint_sees_the_order_and_the_shape() -> None:
    plain = make_dataset("a", **arrays()).fingerprint
    flipped = arrays(train_images=arrays()["train_images"][::-1], train_labels=arrays()["train_labels"][::-1])
    lying = {key: arrays()[key].reshape(-1, 5, 4, 3) for key in ("train_images", "test_images")}
    assert len({plain, *(make_dataset("a", **a).fingerprint for a in (flipped, arrays(**lying)))}) == 3


def test_the_fingerprint_never_changes() -> None:
    """Recorded runs are compared by it: a new value here makes every older record incomparable."""
    assert (
        make_dataset("a", **arrays()).fingerprint
        == "67ecd793efdfbf064a1e09fadbf8f30a5bc760ed19eea22fa3c7ee21a8ded1d9"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"train_images": np.zeros((2, 4, 5, 3), np.float32)},
            "the train images of f.npz are float32; convert",
        ),
        ({"test_images": np.zeros((3, 60), np.uint8)}, r"test images of f.npz have the shape \(3, 60\)"),
        ({"test_images": np.zeros((0, 4, 5, 3), np.uint8)}, r"\(0, 4, 5, 3\); give at least one image"),
        ({"train_images": np.zeros((2, 0, 5, 3), np.uint8)}, r"\(2, 0, 5, 3\); give at least one image"),
        (
            {"train_images": np.zeros((2, 3, 32, 32), np.uint8)},
            r"channels first; store .*transpose\(0, 2, 3, 1\)",
        ),
        ({"test_images": np.zeros((3, 8, 5, 3), np.uint8)}, "4x5x3 and the test images are 8x5x3"),
        ({"train_labels": np.array([0.0, 1.0])}, "train labels of f.npz are float64"),
        ({"train_labels": np.array([False, True])}, "train labels of f.npz are bool"),
        ({"train_labels": np.eye(2, dtype=int)}, r"shape \(2, 2\); .*argmax\(axis=1\)"),
        ({"test_labels": np.array([0, 1])}, "test split of f.npz has 3 images and 2 labels"),
        ({"test_labels": np.array([0, -1, 2])}, "test image 1 of f.npz has the label -1"),
        ({"train_labels": np.array([0, 2**64 - 1], np.uint64)}, f"train image 1 .* label {2**64 - 1}"),
        ({"train_labels": np.array([0, 10**12])}, f"label {10**12}, but there are {MAX_CLASSES} classes"),
        ({"classes": ("cat", "dog")}, "test image 0 of f.npz has the label 2, but there are 2 classes"),
    ],
)
def test_an_error_names_the_file_the_split_and_the_value(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        make_dataset("mine", **arrays(**changes), where="f.npz")


ANY_ARRAY = hnp.arrays(
    dtype=st.one_of(st.just(np.dtype(np.uint8)), hnp.scalar_dtypes()),
    shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)


@settings(deadline=None)
@given(ANY_ARRAY, ANY_ARRAY, ANY_ARRAY, ANY_ARRAY, st.none() | st.lists(st.text(), max_size=3))
def test_anything_loads_or_is_refused_by_a_sentence(
    train_images: Any, train_labels: Any, test_images: Any, test_labels: Any, classes: list[str] | None
) -> None:
    try:
        dataset = make_dataset(
            "any",
            train_images=train_images,
            train_labels=train_labels,
            test_images=test_images,
            test_labels=test_labels,
            classes=classes,
        )
    except DawnbenchError:
        return
    assert dataset.train_images.ndim == dataset.test_images.ndim == 4
    assert 0 <= dataset.train_labels.min() <= dataset.train_labels.max() < len(dataset.classes)
