from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dawnbench.data.augmentation import Change, Cutout, Move, RandomCrop, RandomFlip, reflect
from dawnbench.errors import DawnbenchError

COUNT, SIDE = 400, 6


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def image() -> Tensor:
    """Return (2, SIDE, SIDE), every pixel its own value."""
    return torch.arange(2 * SIDE * SIDE, dtype=torch.float32).view(2, SIDE, SIDE)


def moved(*moves: Move, count: int = COUNT) -> Tensor:
    """Return `count` copies of the image, each moved by draws of its own."""
    rows = torch.arange(SIDE).expand(count, -1)
    columns = torch.arange(SIDE).expand(count, -1)
    draws = generator()
    for move in moves:
        rows, columns = move.move(rows, columns, (SIDE, SIDE), draws)
    return image()[:, rows[:, :, None], columns[:, None, :]].transpose(0, 1)


def crops(padding: int) -> list[Tensor]:
    """Return every crop of the image padded by reflection, as torch pads."""
    padded = F.pad(image()[None], [padding] * 4, mode="reflect")[0]
    shifts = range(2 * padding + 1)
    return [padded[:, r : r + SIDE, c : c + SIDE] for r in shifts for c in shifts]


def which(images: Tensor, candidates: list[Tensor]) -> set[int]:
    """Return which candidates occur; fails on an image that is none of them."""
    hits = (images[:, None] == torch.stack(candidates)[None]).flatten(2).all(2)
    assert bool((hits.sum(1) == 1).all()), "an image is none of the candidates"
    return set(hits.int().argmax(1).tolist())


def test_a_crop_is_a_window_of_the_reflected_image_and_every_window_occurs() -> None:
    candidates = crops(2)
    assert which(moved(RandomCrop(2)), candidates) == set(range(len(candidates)))


def test_a_crop_by_four_is_one_of_the_81_windows() -> None:
    candidates = crops(4)
    assert len(candidates) == 81
    assert len(which(moved(RandomCrop(4)), candidates)) > 60


def test_a_crop_without_padding_leaves_the_image() -> None:
    assert which(moved(RandomCrop(0)), [image()]) == {0}


def test_about_half_of_the_images_are_mirrored() -> None:
    flipped = (moved(RandomFlip()) == image().flip(2)).flatten(1).all(1)
    assert which(moved(RandomFlip()), [image(), image().flip(2)]) == {0, 1}
    assert 0.4 < flipped.float().mean() < 0.6


def test_moves_follow_one_another() -> None:
    windows = crops(1)
    both = windows + [window.flip(2) for window in windows]
    assert which(moved(RandomCrop(1), RandomFlip()), both) == set(range(18))


@given(st.integers(2, 40), st.data())
def test_reflect_pads_as_numpy_does(size: int, data: st.DataObject) -> None:
    padding = data.draw(st.integers(0, size - 1))
    folded = reflect(torch.arange(-padding, size + padding), size)
    np.testing.assert_array_equal(folded.numpy(), np.pad(np.arange(size), padding, mode="reflect"))


@pytest.mark.parametrize("size", [1, 3, SIDE])
def test_cutout_zeroes_one_square_wholly_inside_in_every_channel(size: int) -> None:
    images = torch.full((200, 3, SIDE, SIDE + 2), 7.0)
    Cutout(size).change(images, generator())
    places = set()
    for cut in images:
        zero = (cut == 0).nonzero()
        assert len(zero) == 3 * size * size
        (_, top, left), (_, bottom, right) = zero.min(0).values.tolist(), zero.max(0).values.tolist()
        assert (bottom - top, right - left) == (size - 1, size - 1)
        assert bool((cut[:, top : bottom + 1, left : right + 1] == 0).all())
        places.add((top, left))
    assert set(images.unique().tolist()) == {0.0, 7.0}
    if size == 3:  # 4 x 6 places, each of which 200 draws should meet
        assert places == {(top, left) for top in range(4) for left in range(6)}


@pytest.mark.parametrize("move", [RandomCrop(2), RandomFlip()])
def test_the_same_seed_moves_the_same_way_and_another_seed_does_not(move: Move) -> None:
    rows = torch.arange(SIDE).expand(20, -1)
    first, again, other = (torch.stack(move.move(rows, rows, (SIDE, SIDE), generator(s))) for s in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("augmentation", "sentence"),
    [
        (RandomCrop(6), "augmentation.crop.padding=6 must be less than the images' 6 pixels"),
        (RandomCrop(100), "augmentation.crop.padding=100 must be less than the images' 6 pixels"),
        (Cutout(7), "augmentation.cutout.size=7 is more than the images' 6 pixels"),
    ],
)
@pytest.mark.parametrize("size", [(6, 6), (6, 9), (9, 6)])
def test_what_does_not_fit_the_shorter_side_is_refused(
    augmentation: Move | Change, sentence: str, size: tuple[int, int]
) -> None:
    with pytest.raises(DawnbenchError, match=f"^{sentence}$"):
        augmentation.check(size)


@pytest.mark.parametrize("augmentation", [RandomCrop(0), RandomCrop(5), RandomFlip(), Cutout(1), Cutout(6)])
def test_the_largest_that_fits_is_taken_and_stays_inside(augmentation: Move | Change) -> None:
    augmentation.check((SIDE, SIDE))
    if isinstance(augmentation, Cutout):
        augmentation.change(torch.ones(20, 1, SIDE, SIDE), generator())
    else:
        assert set(moved(augmentation).unique().tolist()) <= set(image().unique().tolist())
