"""Layers that are fitted to training images instead of trained: whitening of small patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

PATCHES_AT_ONCE = 1_000  # images; limits the unfolded patches of 32x32 images to 120 MB


def patch_covariance(images: Tensor, size: int) -> Tensor:
    """Return the covariance of all `size` x `size` patches of (N, C, H, W) images: C size^2 features."""
    features = images.shape[1] * size * size
    total = torch.zeros(features, dtype=torch.float32, device=images.device)
    products = torch.zeros(features, features, dtype=torch.float32, device=images.device)
    count = 0
    for part in images.float().split(PATCHES_AT_ONCE):
        patches = nn.functional.unfold(part, size)
        total += patches.sum((0, 2))
        # One product per image: a GPU hardly parallelizes a single product of two long, narrow matrices.
        products += torch.bmm(patches, patches.transpose(1, 2)).sum(0)
        count += patches.shape[0] * patches.shape[2]
    mean = total / count
    return (products / count - torch.outer(mean, mean)) * (count / (count - 1))


class PatchWhitening(nn.Module):
    """A convolution onto the principal components of the training images' patches, at unit variance.

    Its filters are computed once before training by `fit` and never trained (Page 2019, How to Train Your
    ResNet 8: Bag of Tricks). With `mirrored` each filter also appears negated, so that a following activation
    loses neither sign; with `bias` there is a trainable bias. Input (N, C, H, W). Output (N, K, H, W) for odd
    patch sizes, with zero padding, and (N, K, H - 1, W - 1) for size 2; K is C size^2, twice that with
    `mirrored`.
    """

    weight: Tensor

    def __init__(
        self,
        channels: int,
        size: int = 3,
        images: int = 10_000,
        epsilon: float = 1e-2,
        mirrored: bool = False,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.images, self.epsilon, self.mirrored = images, epsilon, mirrored
        filters = channels * size * size * (2 if mirrored else 1)
        self.register_buffer("weight", torch.zeros(filters, channels, size, size))
        self.bias = nn.Parameter(torch.zeros(filters)) if bias else None

    def reset_parameters(self) -> None:
        """Reinitialize the bias as torch does for a convolution; the filters keep their fitted values."""
        if self.bias is not None:
            bound = self.weight[0].numel() ** -0.5
            nn.init.uniform_(self.bias, -bound, bound)

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Set the filters from normalized training images (N, C, H, W), `self.images` of them or fewer."""
        covariance = patch_covariance(images, self.weight.shape[2])
        # On the CPU: not every device supports this decomposition, and the matrix is small.
        variances, components = torch.linalg.eigh(covariance.cpu().double())
        filters = (components.T / torch.sqrt(variances + self.epsilon)[:, None]).flip(0)
        if self.mirrored:
            filters = torch.cat((filters, -filters))
        self.weight.copy_(filters.reshape(self.weight.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Return the whitened patch at every position."""
        return nn.functional.conv2d(x, self.weight, self.bias, padding=(self.weight.shape[2] - 1) // 2)

    def extra_repr(self) -> str:
        """Return the settings for the module's printed form."""
        filters, channels, size, _ = self.weight.shape
        return f"{channels}, {filters}, size={size}, images={self.images}"


class FittedModel(nn.Module):
    """A network that is fitted to some training images before its first step."""

    @property
    def fit_images(self) -> int:
        """Number of training images that `fit` needs; 0 for none."""
        return 0

    def fit(self, images: Tensor) -> None:
        """Compute the fixed parts from normalized training images (N, C, H, W), in place."""
        raise NotImplementedError
