from __future__ import annotations

import pytest
import torch

from dawnbench.data.normalization import IMAGES_AT_ONCE, Normalization


def images(count: int = 40, side: int = 5) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    whole = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, generator=draws)
    return whole // torch.tensor([1, 2, 4], dtype=torch.uint8) + torch.tensor([0, 10, 99], dtype=torch.uint8)


def test_given_statistics_are_in_units_of_the_pixel_range() -> None:
    mean, deviation = (0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616)
    normalize = Normalization.given(mean, deviation, torch.device("cpu"), torch.float32)
    expected = (images().double() / 255 - torch.tensor(mean)) / torch.tensor(deviation)
    torch.testing.assert_close(normalize(images()), expected.permute(0, 3, 1, 2).float())


@pytest.mark.parametrize("count", [40, IMAGES_AT_ONCE + 3])
def test_with_measured_statistics_each_channel_has_mean_0_and_deviation_1(count: int) -> None:
    pixels = images(count, side=5 if count < 100 else 1)
    channels = Normalization.measured(pixels, torch.float32)(pixels).transpose(0, 1).flatten(1)
    torch.testing.assert_close(channels.mean(1), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(channels.std(1, correction=0), torch.ones(3), atol=1e-4, rtol=0)


def test_images_of_one_colour_stay_finite() -> None:
    pixels = torch.full((4, 3, 3, 1), 128, dtype=torch.uint8)
    assert bool(Normalization.measured(pixels, torch.float32)(pixels).isfinite().all())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_the_result_is_channels_first_in_channels_last_memory(dtype: torch.dtype) -> None:
    pixels = images()
    result = Normalization.measured(pixels, dtype)(pixels)
    assert result.shape == (40, 3, 5, 5)
    assert result.dtype == dtype
    assert result.is_contiguous(memory_format=torch.channels_last)
