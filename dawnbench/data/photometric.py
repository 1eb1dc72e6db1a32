"""Random brightness, contrast and cutout of training images."""

from __future__ import annotations

import torch
from torch import Tensor

from dawnbench.data.augmentation import Change, Draws, Recolor, Shown
from dawnbench.errors import DawnbenchError


def _signed(draw: Tensor) -> Tensor:
    """Return draws (B,) between 0 and 1 as (B, 1, 1, 1) between -1 and 1."""
    return (draw * 2 - 1)[:, None, None, None]


class BrightnessContrast(Recolor):
    """Scales an image's pixels, then their distance from the image's mean, clipped to the pixel range.

    Each image draws its factors from 1 - `brightness` to 1 + `brightness` and from 1 - `contrast` to
    1 + `contrast`. torchvision's ColorJitter does the same to one gray image at a time, but in a random
    order.
    """

    def __init__(self, brightness: float, contrast: float) -> None:
        self.brightness, self.contrast = brightness, contrast

    def draw(self, shown: Shown) -> Draws:
        """Return two numbers per image, between 0 and 1."""
        return tuple(shown.uniform(2))

    def recolor(self, pixels: Tensor, draws: Draws) -> Tensor:
        """Return float pixels (B, H, W, C), 0 to 255."""
        bright = (pixels * (_signed(draws[0]) * self.brightness + 1)).clamp(max=255)
        mean = bright.mean((1, 2, 3), keepdim=True)
        return torch.lerp(mean, bright, _signed(draws[1]) * self.contrast + 1).clamp(0, 255)


class ColorJitter(Change):
    """Adds a number to an image's normalized pixels and multiplies them by another.

    Each image draws its brightness from -`brightness` to `brightness` and its factor from 1 - `contrast` to
    1 + `contrast`; all channels share them.
    """

    def __init__(self, brightness: float, contrast: float) -> None:
        self.brightness, self.contrast = brightness, contrast

    def draw(self, shown: Shown) -> Draws:
        """Return two numbers per image, between 0 and 1."""
        return tuple(shown.uniform(2))

    def change(self, images: Tensor, draws: Draws) -> Tensor:
        """Shift and scale."""
        shifted = (images + _signed(draws[0]) * self.brightness).to(images.dtype)
        return (shifted * (_signed(draws[1]) * self.contrast + 1)).to(images.dtype)


class Cutout(Change):
    """Sets a square of `size` pixels, wholly inside the image, to the mean color.

    After DeVries and Taylor 2017 (arXiv:1708.04552), whose square may extend beyond the border. An image gets
    a square with `probability`.
    """

    def __init__(self, size: int, probability: float = 1.0) -> None:
        self.size, self.probability = size, probability

    def check(self, size: tuple[int, int]) -> None:
        """Check that the square fits into the image."""
        if self.size > min(size):
            raise DawnbenchError(
                f"augmentation.cutout.size={self.size} exceeds the images' {min(size)} pixels"
            )

    def draw(self, shown: Shown) -> Draws:
        """Return the first row and column of each square, and, if some images have none, which have one."""
        corner = tuple(shown.integers(0, extent - self.size + 1) for extent in shown.size)
        return corner if self.probability >= 1 else (*corner, shown.uniform() < self.probability)

    def change(self, images: Tensor, draws: Draws) -> Tensor:
        """Zero the square, which in normalized pixels is the mean."""
        height, width = images.shape[2:]
        rows = self._covered(draws[0], height)[:, None, :, None]
        columns = self._covered(draws[1], width)[:, None, None, :]
        square = rows & columns
        if len(draws) > 2:
            square = square & draws[2][:, None, None, None]
        # Unlike masked_fill, this keeps `channels_last` with a mask shared by all channels.
        return torch.where(square, 0, images)

    def _covered(self, first: Tensor, extent: int) -> Tensor:
        """Return which of `extent` rows or columns the square covers, (B, extent) bool."""
        index = torch.arange(extent, device=first.device)
        return (index >= first[:, None]) & (index < first[:, None] + self.size)
