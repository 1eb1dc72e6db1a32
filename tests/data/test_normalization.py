from __future__ import annotations

import pytest
import torch

from dawnbench.data.normalization import IMAGES_AT_ONCE, Normalization

CPU = torch.device("cpu")


def images(count: int = 40, side: int = 5) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    whole = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, generator=draws)
    return whole // torch.tensor([1, 2, 4], dtype=torch.uint8) + torch.tensor([0, 10, 99], dtype=torch.uint8)


def measured(pixels: torch.Tensor) -> Normalization:
    normalization = Normalization(pixels.shape[3], CPU)
    normalization.fit(pixels)
    return normalization


def test_given_statistics_are_in_units_of_the_pixel_range_and_are_not_measured() -> None:
    mean, deviation = (0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616)
    normalize = Normalization(3, CPU, mean, deviation)
    normalize.fit(images() // 2)
    expected = (images().double() / 255 - torch.tensor(mean)) / torch.tensor(deviation)
    torch.testing.assert_close(normalize(images()), expected.permute(0, 3, 1, 2).float())
    torch.testing.assert_close(normalize.mean, torch.tensor(mean))
    torch.testing.assert_close(normalize.std, torch.tensor(deviation))


@pytest.mark.parametrize("count", [40, IMAGES_AT_ONCE + 3])
def test_with_measured_statistics_each_channel_has_mean_0_and_deviation_1(count: int) -> None:
    pixels = images(count, side=5 if count < 100 else 1)
    channels = measured(pixels)(pixels).transpose(0, 1).flatten(1)
    torch.testing.assert_close(channels.mean(1), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(channels.std(1, correction=0), torch.ones(3), atol=1e-4, rtol=0)


def test_images_of_one_color_stay_finite() -> None:
    pixels = torch.full((4, 3, 3, 1), 128, dtype=torch.uint8)
    assert bool(measured(pixels)(pixels).isfinite().all())


def test_the_result_is_channels_first_in_channels_last_memory() -> None:
    result = measured(images())(images())
    assert result.shape == (40, 3, 5, 5)
    assert result.dtype == torch.float32
    assert result.is_contiguous(memory_format=torch.channels_last)


def test_recolored_pixels_are_normalized_as_stored_ones() -> None:
    normalization = measured(images())
    assert torch.equal(normalization(images().float()), normalization(images()))


def test_a_second_measurement_takes_the_place_of_the_first_one_in_the_same_tensors() -> None:
    normalization = measured(images() // 2)
    mean, std = normalization.mean, normalization.std
    normalization.fit(images())
    assert torch.equal(mean, measured(images()).mean)
    assert torch.equal(std, measured(images()).std)
    assert torch.equal(normalization(images()), measured(images())(images()))


def test_statistics_from_a_file_are_taken_over() -> None:
    kept, other = measured(images()), measured(images() // 2)
    other.set(kept.mean, kept.std)
    assert torch.equal(other(images()), kept(images()))
