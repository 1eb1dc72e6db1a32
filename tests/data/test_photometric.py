from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2.functional import adjust_brightness, adjust_contrast

from dawnbench.data.photometric import BrightnessContrast

COUNT = 8


def pixels() -> Tensor:
    return torch.randint(0, 256, (COUNT, 5, 6, 1), generator=torch.Generator().manual_seed(1)).to(torch.uint8)


def changed(brightness: float, contrast: float) -> Tensor:
    return BrightnessContrast(brightness, contrast).recolour(pixels(), torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("brightness", "contrast"), [(0.4, 0.0), (0.0, 0.4), (0.4, 0.4), (1.0, 1.0)])
def test_grey_images_become_what_torchvision_makes_of_them(brightness: float, contrast: float) -> None:
    draws = torch.rand((2, COUNT), generator=torch.Generator().manual_seed(0)) * 2 - 1
    for image, found, light, flat in zip(pixels(), changed(brightness, contrast), *draws, strict=True):
        grey = image.permute(2, 0, 1).float() / 255
        expected = adjust_brightness(grey, float(light) * brightness + 1)
        expected = adjust_contrast(expected, float(flat) * contrast + 1)
        torch.testing.assert_close(found.permute(2, 0, 1) / 255, expected, atol=1e-5, rtol=1e-5)


def test_without_strength_nothing_changes() -> None:
    torch.testing.assert_close(changed(0.0, 0.0), pixels().float())


def test_pixels_stay_in_their_range_and_images_differ() -> None:
    found = changed(1.0, 1.0)
    assert 0 <= float(found.min()) <= float(found.max()) <= 255
    ratios = changed(0.4, 0.0).flatten(1).sum(1) / pixels().flatten(1).sum(1)
    assert len(set(ratios.round(decimals=3).tolist())) == COUNT
