from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dawnbench.data.augmentation import (
    AlternatingFlip,
    Change,
    ColorJitter,
    Cutout,
    Move,
    RandomCrop,
    RandomFlip,
    Shown,
    fair_coins,
    reflect,
)
from dawnbench.errors import DawnbenchError

COUNT, SIDE = 400, 6


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def image() -> Tensor:
    """Return (2, SIDE, SIDE), every pixel its own value."""
    return torch.arange(2 * SIDE * SIDE, dtype=torch.float32).view(2, SIDE, SIDE)


def moved(*moves: Move, count: int = COUNT) -> Tensor:
    """Return `count` copies of the image, each moved by draws of its own."""
    rows, columns = torch.arange(SIDE)[None, :, None], torch.arange(SIDE)[None, None, :]
    shown = Shown(torch.arange(count), epoch=0, size=(SIDE, SIDE), generator=generator())
    for move in moves:
        rows, columns = move.move(rows, columns, shown)
    return image()[:, rows, columns].transpose(0, 1)


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


@pytest.mark.parametrize("move", [RandomCrop(2), RandomFlip(), AlternatingFlip()])
def test_the_same_seed_moves_the_same_way_and_another_seed_does_not(move: Move) -> None:
    rows = torch.arange(SIDE).expand(20, 1, -1)
    first, again, other = (
        torch.stack(move.move(rows, rows, Shown(torch.arange(20), 0, (SIDE, SIDE), generator(seed))))
        for seed in (3, 3, 4)
    )
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


def test_cutout_with_a_probability_leaves_the_others_whole() -> None:
    images = torch.ones(COUNT, 2, SIDE, SIDE)
    Cutout(2, probability=0.25).change(images, generator())
    cut = (images == 0).flatten(1).any(1)
    assert set(images[cut].flatten(1).sum(1).tolist()) == {2.0 * (SIDE * SIDE - 4)}
    # Five standard deviations of a binomial distribution.
    assert abs(int(cut.sum()) - COUNT / 4) < 5 * (COUNT * 0.25 * 0.75) ** 0.5


@pytest.mark.parametrize("augmentation", [RandomCrop(0), RandomCrop(5), RandomFlip(), Cutout(1), Cutout(6)])
def test_the_largest_that_fits_is_taken_and_stays_inside(augmentation: Move | Change) -> None:
    augmentation.check((SIDE, SIDE))
    if isinstance(augmentation, Cutout):
        augmentation.change(torch.ones(20, 1, SIDE, SIDE), generator())
    else:
        assert set(moved(augmentation).unique().tolist()) <= set(image().unique().tolist())


def sides(index: list[int], epoch: int, seed: int = 0) -> list[bool]:
    """Return which images of these places the alternating flip mirrors."""
    columns = torch.arange(SIDE)[None, None, :]
    shown = Shown(torch.tensor(index), epoch, (SIDE, SIDE), generator(seed))
    _, moved_columns = AlternatingFlip().move(columns, columns, shown)
    return [row == list(range(SIDE))[::-1] for row in moved_columns[:, 0].tolist()]


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.integers(0, 50), st.integers(0, 2**64 - 1)
)
def test_an_alternating_flip_shows_each_image_from_one_side_and_then_the_other(
    index: list[int], epoch: int, seed: int
) -> None:
    now, then, later = (sides(index, epoch + ahead, seed) for ahead in range(3))
    assert [not side for side in now] == then
    assert later == now


def test_an_alternating_flip_hangs_on_the_image_and_not_on_its_place_in_the_batch() -> None:
    assert sides([5, 6, 7, 8], 0) == sides([8, 7, 6, 5], 0)[::-1]


@pytest.mark.parametrize("seed", [0, 1, 2, 12345, 2**63])
def test_coins_are_fair_and_those_of_neighbours_and_of_seeds_tell_nothing_of_each_other(seed: int) -> None:
    index = torch.arange(50_000)
    coins, others = fair_coins(index, seed), fair_coins(index, seed + 1)
    shares = (coins, coins[:-1] ^ coins[1:], coins ^ others)
    for share in shares:
        assert abs(share.double().mean().item() - 0.5) < 5 * 0.5 / 50_000**0.5


def test_a_colour_jitter_shifts_and_scales_each_image_as_a_whole() -> None:
    images = torch.stack([image()] * COUNT)
    ColorJitter(brightness=0.5, contrast=0.25).change(images, generator())
    low, high = images.flatten(1).min(1).values, images.flatten(1).max(1).values
    factor = (high - low) / (image().max() - image().min())
    shift = low / factor - image().min()
    assert 0.75 <= factor.min() < 0.77
    assert 1.23 < factor.max() <= 1.25
    assert -0.501 <= shift.min() < -0.48
    assert 0.48 < shift.max() <= 0.501
    expected = (image()[None] + shift.view(-1, 1, 1, 1)) * factor.view(-1, 1, 1, 1)
    torch.testing.assert_close(images, expected, atol=1e-4, rtol=0)


def test_a_colour_jitter_of_nothing_changes_nothing() -> None:
    images = torch.stack([image()] * 3)
    ColorJitter(0, 0).change(images, generator())
    assert torch.equal(images, torch.stack([image()] * 3))
