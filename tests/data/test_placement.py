from __future__ import annotations

import pytest
import torch

from dawnbench.engine.resident import IMAGES_AT_ONCE, resize


def noise(count: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, height, width, channels), dtype=torch.uint8, generator=draws)


def resized(images: torch.Tensor, size: int) -> torch.Tensor:
    """Return the images at `size` x `size`, written over pixels that were there before."""
    target = torch.full((len(images), size, size, images.shape[3]), 77, dtype=torch.uint8)
    resize(images, target)
    return target


def test_images_of_the_right_size_pass_unchanged() -> None:
    images = noise(3, 8, 8)
    found = resized(images, 8)
    assert torch.equal(found, images)
    assert found.data_ptr() != images.data_ptr()


@pytest.mark.parametrize(("height", "width", "size"), [(8, 8, 32), (28, 28, 32), (12, 20, 8), (8, 32, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_sizes_become_what_torchvision_makes_of_them(
    height: int, width: int, size: int, channels: int
) -> None:
    from torchvision.transforms.v2.functional import resize as by_torchvision

    images = noise(3, height, width, channels)
    expected = by_torchvision(images.permute(0, 3, 1, 2), [size, size], antialias=True).permute(0, 2, 3, 1)
    # Within one level: torchvision rounds on the way.
    assert (resized(images, size).int() - expected.int()).abs().max() <= 1
    assert torch.equal(images, noise(3, height, width, channels))


@pytest.mark.parametrize("side", [4, 40])
@pytest.mark.parametrize("value", [0, 137, 255])
def test_a_plain_color_stays_that_color(side: int, value: int) -> None:
    plain = torch.full((2, side, side, 3), value, dtype=torch.uint8)
    assert bool((resized(plain, 16) == value).all())


def test_shrinking_averages_rather_than_skips() -> None:
    """Black and white lines become gray; sampling without smoothing would leave lines."""
    lines = torch.zeros(1, 48, 48, 1, dtype=torch.uint8)
    lines[:, ::2] = 255
    inner = resized(lines, 16)[:, 1:-1, 1:-1].float()
    assert bool(((inner - 127.5).abs() < 20).all())


def test_every_image_is_resized_by_itself_however_many_there_are() -> None:
    levels = torch.arange(IMAGES_AT_ONCE + 7).remainder(256).to(torch.uint8)
    found = resized(levels.view(-1, 1, 1, 1).expand(-1, 2, 2, 1), 3)
    assert torch.equal(found, levels.view(-1, 1, 1, 1).expand(-1, 3, 3, 1))
