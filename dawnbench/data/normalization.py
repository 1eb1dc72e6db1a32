"""From uint8 pixels to what a network takes."""

from __future__ import annotations

import torch
from torch import Tensor

IMAGES_AT_ONCE = 5_000


class Normalization:
    """Subtracts a mean and divides by a standard deviation, by channel, in units of the full pixel range."""

    def __init__(self, mean: Tensor, deviation: Tensor, dtype: torch.dtype) -> None:
        self._factor = 1 / (255 * deviation)
        self._offset = -mean / deviation
        self._dtype = dtype

    @classmethod
    def given(
        cls, mean: tuple[float, ...], deviation: tuple[float, ...], device: torch.device, dtype: torch.dtype
    ) -> Normalization:
        """Return the normalisation with these statistics, a number a channel between 0 and 1."""
        return cls(torch.tensor(mean, device=device), torch.tensor(deviation, device=device), dtype)

    @classmethod
    def measured(cls, images: Tensor, dtype: torch.dtype) -> Normalization:
        """Return the normalisation with the statistics of uint8 images (N, H, W, C)."""
        channels = images.shape[3]
        total = torch.zeros(channels, device=images.device)
        squares = torch.zeros(channels, device=images.device)
        for part in images.split(IMAGES_AT_ONCE):
            pixels = part.reshape(-1, channels).float() / 255
            total += pixels.mean(0) * len(part)
            squares += pixels.square().mean(0) * len(part)
        mean = total / len(images)
        variance = (squares / len(images) - mean.square()).clamp_min(1e-8)
        return cls(mean, variance.sqrt(), dtype)

    def __call__(self, images: Tensor) -> Tensor:
        """Map uint8 images (N, H, W, C) to (N, C, H, W), in `channels_last` memory."""
        pixels = torch.addcmul(self._offset, images.float(), self._factor)
        return pixels.to(self._dtype).permute(0, 3, 1, 2)
