from __future__ import annotations

import pytest
import torch

from dawnbench.data.placement import IMAGES_AT_ONCE, place, resize


def noise(count: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, height, width, channels), dtype=torch.uint8, generator=draws)


def test_images_of_the_right_size_pass_unchanged() -> None:
    images = noise(3, 8, 8)
    assert torch.equal(resize(images, 8), images)


@pytest.mark.parametrize(("height", "width", "size"), [(8, 8, 32), (28, 28, 32), (12, 20, 8), (8, 32, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_sizes_become_square_uint8_images(height: int, width: int, size: int, channels: int) -> None:
    resized = resize(noise(3, height, width, channels), size)
    assert resized.shape == (3, size, size, channels)
    assert resized.dtype == torch.uint8


@pytest.mark.parametrize("side", [4, 40])
@pytest.mark.parametrize("value", [0, 137, 255])
def test_a_plain_colour_stays_that_colour(side: int, value: int) -> None:
    plain = torch.full((2, side, side, 3), value, dtype=torch.uint8)
    assert bool((resize(plain, 16) == value).all())


def test_shrinking_averages_rather_than_skips() -> None:
    """Black and white lines become grey; sampling without smoothing would leave lines."""
    lines = torch.zeros(1, 48, 48, 1, dtype=torch.uint8)
    lines[:, ::2] = 255
    inner = resize(lines, 16)[:, 1:-1, 1:-1].float()
    assert bool(((inner - 127.5).abs() < 20).all())


def test_every_image_is_resized_by_itself_however_many_there_are() -> None:
    levels = torch.arange(IMAGES_AT_ONCE + 7).remainder(256).to(torch.uint8)
    resized = resize(levels.view(-1, 1, 1, 1).expand(-1, 2, 2, 1), 3)
    assert torch.equal(resized, levels.view(-1, 1, 1, 1).expand(-1, 3, 3, 1))


def test_placing_keeps_images_and_labels_together() -> None:
    images, labels = place(noise(5, 4, 4), torch.arange(5), 6, torch.device("cpu"))
    assert images.shape == (5, 6, 6, 3)
    assert images.is_contiguous()
    assert labels.tolist() == [0, 1, 2, 3, 4]
