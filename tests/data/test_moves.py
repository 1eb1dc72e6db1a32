from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dawnbench.data.augmentation import Move, Shown
from dawnbench.data.moves import AlternatingFlip, RandomCrop, RandomFlip, fair_coins, reflect
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
        rows, columns = move.move(rows, columns, move.draw(shown), shown.size)
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


@pytest.mark.parametrize("move", [RandomCrop(2), RandomFlip(), AlternatingFlip()])
def test_the_same_seed_moves_the_same_way_and_another_seed_does_not(move: Move) -> None:
    rows = torch.arange(SIDE).expand(20, 1, -1)

    def places(seed: int) -> Tensor:
        shown = Shown(torch.arange(20), 0, (SIDE, SIDE), generator(seed))
        return torch.stack(move.move(rows, rows, move.draw(shown), shown.size))

    first, again, other = (places(seed) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("padding", [6, 100])
@pytest.mark.parametrize("size", [(6, 6), (6, 9), (9, 6)])
def test_a_padding_of_the_shorter_side_or_more_is_refused(padding: int, size: tuple[int, int]) -> None:
    sentence = f"augmentation.crop.padding={padding} must be less than the images' 6 pixels"
    with pytest.raises(DawnbenchError, match=f"^{sentence}$"):
        RandomCrop(padding).check(size)


@pytest.mark.parametrize("move", [RandomCrop(0), RandomCrop(5), RandomFlip()])
def test_the_largest_that_fits_is_taken_and_stays_inside(move: Move) -> None:
    move.check((SIDE, SIDE))
    assert set(moved(move).unique().tolist()) <= set(image().unique().tolist())


def sides(index: list[int], epoch: int, seed: int = 0) -> list[bool]:
    """Return which images of these places the alternating flip mirrors."""
    columns = torch.arange(SIDE)[None, None, :]
    shown = Shown(torch.tensor(index), epoch, (SIDE, SIDE), generator(seed))
    flip = AlternatingFlip()
    _, moved_columns = flip.move(columns, columns, flip.draw(shown), shown.size)
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


def test_an_alternating_flip_depends_on_the_image_and_not_on_its_place_in_the_batch() -> None:
    assert sides([5, 6, 7, 8], 0) == sides([8, 7, 6, 5], 0)[::-1]


@pytest.mark.parametrize("seed", [0, 1, 2, 12345, 2**63])
def test_coins_are_fair_and_those_of_neighbours_and_of_seeds_tell_nothing_of_each_other(seed: int) -> None:
    index = torch.arange(50_000)
    coins, others = fair_coins(index, seed), fair_coins(index, seed + 1)
    shares = (coins, coins[:-1] ^ coins[1:], coins ^ others)
    for share in shares:
        assert abs(share.double().mean().item() - 0.5) < 5 * 0.5 / 50_000**0.5
