"""Converts uint8 pixels to normalized network inputs."""

from __future__ import annotations

import torch
from torch import Tensor

IMAGES_AT_ONCE = 5_000


class Normalization:
    """Subtracts a mean and divides by a standard deviation per channel, in units of the full pixel range.

    Its tensors are allocated once and changed in place, so that captured steps can rely on their addresses.
    """

    def __init__(
        self,
        channels: int,
        device: torch.device,
        mean: tuple[float, ...] | None = None,
        std: tuple[float, ...] | None = None,
    ) -> None:
        """Take the statistics, one number per channel from 0 to 1; by default `fit` measures them."""
        self._measures = mean is None or std is None
        self.mean = torch.tensor(mean or (0.0,) * channels, device=device)
        self.std = torch.tensor(std or (1.0,) * channels, device=device)
        self._factor = torch.empty_like(self.mean)
        self._offset = torch.empty_like(self.mean)
        self._prepare()

    def fit(self, images: Tensor) -> None:
        """Measure the statistics of uint8 training images (N, H, W, C), unless they are given."""
        if not self._measures:
            return
        total, squares = torch.zeros_like(self.mean), torch.zeros_like(self.mean)
        for part in images.split(IMAGES_AT_ONCE):
            pixels = part.reshape(-1, part.shape[3]).float() / 255
            total += pixels.mean(0) * len(part)
            squares += pixels.square().mean(0) * len(part)
        mean = total / len(images)
        variance = (squares / len(images) - mean.square()).clamp_min(1e-8)
        self.set(mean, variance.sqrt())

    def set(self, mean: Tensor, std: Tensor) -> None:
        """Set the statistics (C,), in place."""
        self.mean.copy_(mean)
        self.std.copy_(std)
        self._prepare()

    def _prepare(self) -> None:
        self._factor.copy_(1 / (255 * self.std))
        self._offset.copy_(-self.mean / self.std)

    def __call__(self, pixels: Tensor) -> Tensor:
        """Map pixels (N, H, W, C), 0 to 255, to float32 (N, C, H, W), in `channels_last` memory."""
        return torch.addcmul(self._offset, pixels.float(), self._factor).permute(0, 3, 1, 2)
