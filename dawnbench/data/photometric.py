"""Lighter, darker and flatter training images."""

from __future__ import annotations

import torch
from torch import Tensor


class BrightnessContrast:
    """Scales an image's pixels, then their distance from the image's mean, clipped to the pixel range.

    Each image draws its factors from 1 - `brightness` to 1 + `brightness` and from 1 - `contrast` to
    1 + `contrast`. It is what torchvision's ColorJitter does to one grey image at a time, there in an order
    that is drawn as well.
    """

    def __init__(self, brightness: float, contrast: float) -> None:
        self.brightness, self.contrast = brightness, contrast

    def check(self, size: tuple[int, int]) -> None:
        """Any image can be brighter."""

    def recolour(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """Return float pixels (N, H, W, C), 0 to 255."""
        shape = (2, len(pixels), 1, 1, 1)
        draws = torch.rand(shape, generator=generator, device=pixels.device).mul_(2).sub_(1)
        bright = (pixels * (draws[0] * self.brightness + 1)).clamp_(max=255)
        mean = bright.mean((1, 2, 3), keepdim=True)
        return torch.lerp(mean, bright, draws[1] * self.contrast + 1).clamp_(0, 255)
