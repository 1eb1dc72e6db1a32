from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2.functional import adjust_brightness, adjust_contrast

from dawnbench.data.augmentation import Change, Shown
from dawnbench.data.photometric import BrightnessContrast, ColorJitter, Cutout
from dawnbench.errors import DawnbenchError

COUNT, SIDE = 400, 6


def shown(count: int, size: tuple[int, int]) -> Shown:
    return Shown(torch.arange(count), epoch=0, size=size, generator=torch.Generator().manual_seed(0))


def changed(change: Change, images: Tensor) -> Tensor:
    height, width = images.shape[2:]
    return change.change(images, change.draw(shown(len(images), (height, width))))


def ramp() -> Tensor:
    """Return (2, SIDE, SIDE), every pixel its own value."""
    return torch.arange(2 * SIDE * SIDE, dtype=torch.float32).view(2, SIDE, SIDE)


@pytest.mark.parametrize("size", [1, 3, SIDE])
def test_cutout_zeroes_one_square_wholly_inside_in_every_channel(size: int) -> None:
    images = changed(Cutout(size), torch.full((200, 3, SIDE, SIDE + 2), 7.0))
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


def test_cutout_with_a_probability_leaves_the_others_whole() -> None:
    images = changed(Cutout(2, probability=0.25), torch.ones(COUNT, 2, SIDE, SIDE))
    cut = (images == 0).flatten(1).any(1)
    assert set(images[cut].flatten(1).sum(1).tolist()) == {2.0 * (SIDE * SIDE - 4)}
    # Five standard deviations of a binomial distribution.
    assert abs(int(cut.sum()) - COUNT / 4) < 5 * (COUNT * 0.25 * 0.75) ** 0.5


@pytest.mark.parametrize("size", [(6, 6), (6, 9), (9, 6)])
def test_a_square_that_does_not_fit_the_shorter_side_is_refused(size: tuple[int, int]) -> None:
    sentence = "augmentation.cutout.size=7 exceeds the images' 6 pixels"
    with pytest.raises(DawnbenchError, match=f"^{sentence}$"):
        Cutout(7).check(size)


@pytest.mark.parametrize("size", [1, SIDE])
def test_the_largest_square_that_fits_is_taken(size: int) -> None:
    Cutout(size).check((SIDE, SIDE))
    images = changed(Cutout(size), torch.ones(20, 1, SIDE, SIDE))
    assert set(images.flatten(1).sum(1).tolist()) == {SIDE * SIDE - size * size}


def test_a_color_jitter_shifts_and_scales_each_image_as_a_whole() -> None:
    images = changed(ColorJitter(brightness=0.5, contrast=0.25), torch.stack([ramp()] * COUNT))
    low, high = images.flatten(1).min(1).values, images.flatten(1).max(1).values
    factor = (high - low) / (ramp().max() - ramp().min())
    shift = low / factor - ramp().min()
    assert 0.75 <= factor.min() < 0.77
    assert 1.23 < factor.max() <= 1.25
    assert -0.501 <= shift.min() < -0.48
    assert 0.48 < shift.max() <= 0.501
    expected = (ramp()[None] + shift.view(-1, 1, 1, 1)) * factor.view(-1, 1, 1, 1)
    torch.testing.assert_close(images, expected, atol=1e-4, rtol=0)


def test_a_color_jitter_of_nothing_changes_nothing() -> None:
    images = torch.stack([ramp()] * 3)
    assert torch.equal(changed(ColorJitter(0, 0), images), images)


@pytest.mark.parametrize("change", [ColorJitter(0.5, 0.25), Cutout(2), Cutout(2, probability=0.5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_change_keeps_type_and_memory_layout_and_leaves_what_it_was_given_alone(
    change: Change, dtype: torch.dtype
) -> None:
    images = torch.stack([ramp()] * 20).to(dtype).contiguous(memory_format=torch.channels_last)
    before = images.clone()
    found = changed(change, images)
    assert (found.dtype, found.shape) == (dtype, images.shape)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not torch.equal(found, before)
    assert torch.equal(images, before)


GRAY = 8
"""How many gray images are recolored."""


def pixels() -> Tensor:
    return torch.randint(0, 256, (GRAY, 5, 6, 1), generator=torch.Generator().manual_seed(1)).to(torch.uint8)


def recolored(brightness: float, contrast: float) -> Tensor:
    augmentation = BrightnessContrast(brightness, contrast)
    return augmentation.recolor(pixels(), augmentation.draw(shown(GRAY, (5, 6))))


@pytest.mark.parametrize(("brightness", "contrast"), [(0.4, 0.0), (0.0, 0.4), (0.4, 0.4), (1.0, 1.0)])
def test_gray_images_become_what_torchvision_makes_of_them(brightness: float, contrast: float) -> None:
    draws = torch.rand((2, GRAY), generator=torch.Generator().manual_seed(0)) * 2 - 1
    for image, found, light, flat in zip(pixels(), recolored(brightness, contrast), *draws, strict=True):
        gray = image.permute(2, 0, 1).float() / 255
        expected = adjust_brightness(gray, float(light) * brightness + 1)
        expected = adjust_contrast(expected, float(flat) * contrast + 1)
        torch.testing.assert_close(found.permute(2, 0, 1) / 255, expected, atol=1e-5, rtol=1e-5)


def test_without_strength_nothing_changes() -> None:
    torch.testing.assert_close(recolored(0.0, 0.0), pixels().float())


def test_pixels_stay_in_their_range_and_images_differ() -> None:
    found = recolored(1.0, 1.0)
    assert 0 <= float(found.min()) <= float(found.max()) <= 255
    ratios = recolored(0.4, 0.0).flatten(1).sum(1) / pixels().flatten(1).sum(1)
    assert len(set(ratios.round(decimals=3).tolist())) == GRAY
