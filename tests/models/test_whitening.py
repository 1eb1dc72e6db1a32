from __future__ import annotations

import torch
from torch import Tensor

from dawnbench.models.whitening import PATCHES_AT_ONCE, PatchWhitening, patch_covariance


def correlated_images(count: int, channels: int, side: int) -> Tensor:
    noise = torch.randn(count, channels, side + 2, side + 2, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(noise, 3, stride=1) * 2
    return smooth + 0.3 * noise[:, :, 1:-1, 1:-1] + 0.2 * smooth.flip(1)


def covariance(features: Tensor) -> Tensor:
    return torch.cov(features.transpose(0, 1).flatten(1).double())


def test_the_covariance_is_that_of_all_patches_whatever_the_parts_they_are_read_in() -> None:
    images = correlated_images(PATCHES_AT_ONCE + 5, 1, 4) + 0.5
    patches = torch.stack([images[:, 0, r : r + 3, c : c + 3] for r in (0, 1) for c in (0, 1)]).reshape(-1, 9)
    torch.testing.assert_close(
        patch_covariance(images, 3).double(), torch.cov(patches.T.double()), rtol=1e-4, atol=1e-5
    )


def test_whitened_patches_are_uncorrelated_and_of_unit_variance() -> None:
    images = correlated_images(60, 2, 10)
    whitening = PatchWhitening(2, epsilon=1e-7)
    whitening.fit(images)
    inner = whitening(images)[:, :, 1:-1, 1:-1]  # the border sees padding, which was in no patch
    before = covariance(torch.nn.functional.unfold(images, 3).view(60, 18, -1))
    assert (before - torch.eye(18)).abs().max() > 0.3
    torch.testing.assert_close(covariance(inner), torch.eye(18).double(), atol=5e-3, rtol=0)


def test_the_strongest_component_comes_first_and_epsilon_damps_the_weakest_most() -> None:
    images = correlated_images(60, 2, 10)
    whitening = PatchWhitening(2, epsilon=1e-1)
    whitening.fit(images)
    variances = covariance(whitening(images)[:, :, 1:-1, 1:-1]).diagonal()
    own = torch.linalg.eigvalsh(patch_covariance(images, 3).double()).flip(0)
    torch.testing.assert_close(variances, own / (own + 1e-1), atol=5e-3, rtol=0)


def test_fitting_twice_gives_the_same_weights() -> None:
    first, second = PatchWhitening(2), PatchWhitening(2)
    first.fit(correlated_images(20, 2, 8))
    second.fit(correlated_images(5, 2, 8))
    assert not torch.equal(first.weight, second.weight)
    second.fit(correlated_images(20, 2, 8))
    assert torch.equal(first.weight, second.weight)


def test_the_weights_are_never_trained() -> None:
    assert list(PatchWhitening(3).parameters()) == []


def test_patches_of_two_lose_one_row_and_column_and_are_whitened_in_both_signs() -> None:
    images = correlated_images(60, 2, 10)
    whitening = PatchWhitening(2, size=2, epsilon=1e-7, mirrored=True, bias=True)
    whitening.fit(images)
    whitening.bias.data.zero_()
    features = whitening(images)
    assert features.shape == (60, 16, 9, 9)
    torch.testing.assert_close(features[:, :8], -features[:, 8:])
    torch.testing.assert_close(covariance(features[:, :8]), torch.eye(8).double(), atol=5e-3, rtol=0)


def test_the_bias_is_drawn_anew_and_the_filters_stay() -> None:
    whitening = PatchWhitening(2, size=2, bias=True)
    whitening.fit(correlated_images(20, 2, 8))
    filters = whitening.weight.clone()
    whitening.reset_parameters()
    first = whitening.bias.detach().clone()
    whitening.reset_parameters()
    assert not torch.equal(first, whitening.bias)
    assert torch.equal(whitening.weight, filters)
    assert first.abs().max() <= 8**-0.5
