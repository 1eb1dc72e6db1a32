"""A fixed first layer that decorrelates the pixels of small patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

PATCHES_AT_ONCE = 1_000  # images; keeps the unfolded patches of a 32x32 set within 120 MB


def patch_covariance(images: Tensor, size: int) -> Tensor:
    """Return the covariance of all `size` x `size` patches of (N, C, H, W) images, over C s s features."""
    features = images.shape[1] * size * size
    total = torch.zeros(features, dtype=torch.float32, device=images.device)
    products = torch.zeros(features, features, dtype=torch.float32, device=images.device)
    count = 0
    for part in images.float().split(PATCHES_AT_ONCE):
        patches = nn.functional.unfold(part, size).transpose(1, 2).reshape(-1, features)
        total += patches.sum(0)
        products += patches.T @ patches
        count += patches.shape[0]
    mean = total / count
    return (products / count - torch.outer(mean, mean)) * (count / (count - 1))


class PatchWhitening(nn.Module):
    """A 3x3 convolution onto the principal components of the training images' patches, at unit variance.

    Its weights are computed once before training by `fit` and never trained
    (Page 2019, How to Train Your ResNet 8: Bag of Tricks). Input (N, C, H, W), output (N, 9 C, H, W).
    """

    weight: Tensor

    def __init__(self, channels: int, images: int = 10_000, epsilon: float = 1e-2) -> None:
        super().__init__()
        self.images, self.epsilon = images, epsilon
        self.register_buffer("weight", torch.zeros(9 * channels, channels, 3, 3))

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Set the weights from normalised training images (N, C, H, W), `self.images` of them or fewer."""
        covariance = patch_covariance(images, 3)
        # Not on the device: not every one has this decomposition, and 27 x 27 is small.
        variances, components = torch.linalg.eigh(covariance.cpu().double())
        filters = components.T / torch.sqrt(variances + self.epsilon)[:, None]
        self.weight.copy_(filters.flip(0).reshape(self.weight.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Return the whitened patch around every pixel."""
        return nn.functional.conv2d(x, self.weight, padding=1)

    def extra_repr(self) -> str:
        """Return the settings for the module's printed form."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}, images={self.images}"
