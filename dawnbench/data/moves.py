"""Random shifts and mirroring of training images."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from dawnbench.data.augmentation import Draws, Move, Shown
from dawnbench.errors import DawnbenchError


def reflect(index: Tensor, size: int) -> Tensor:
    """Reflect indices outside 0 to size-1 at the outermost pixels."""
    last = size - 1
    return last - (last - index.abs()).abs()


def per_image(draw: Tensor) -> Tensor:
    """Return draws (B,) as (B, 1, 1), to broadcast with rows and columns."""
    return draw[:, None, None]


class RandomCrop(Move):
    """Shifts by up to `padding` pixels each way; the new pixels are the mirrored border, or black."""

    def __init__(self, padding: int, border: Literal["reflect", "black"] = "reflect") -> None:
        self.padding = padding
        self.leaves_image = border == "black"

    def check(self, size: tuple[int, int]) -> None:
        """Check that the padding is smaller than the image."""
        if self.padding >= min(size):
            raise DawnbenchError(
                f"augmentation.crop.padding={self.padding} must be less than the images' {min(size)} pixels"
            )

    def draw(self, shown: Shown) -> Draws:
        """Return the shifts of each image down and to the right, in pixels."""
        return tuple(shown.integers(-self.padding, self.padding + 1) for _ in range(2))

    def move(
        self, rows: Tensor, columns: Tensor, draws: Draws, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Return shifted coordinates."""
        rows, columns = rows + per_image(draws[0]), columns + per_image(draws[1])
        return (rows, columns) if self.leaves_image else (reflect(rows, size[0]), reflect(columns, size[1]))


class RandomFlip(Move):
    """Mirrors left and right with probability one half."""

    def draw(self, shown: Shown) -> Draws:
        """Return which images are mirrored."""
        return (shown.integers(0, 2) == 1,)

    def move(
        self, rows: Tensor, columns: Tensor, draws: Draws, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Return the coordinates, with the columns of mirrored images reversed."""
        return rows, torch.where(per_image(draws[0]), size[1] - 1 - columns, columns)


class AlternatingFlip(RandomFlip):
    """Mirrors each image in every other epoch; the trial's seed determines which half starts mirrored.

    Two consecutive epochs always show both sides of an image, which random flips do only half the time
    (Jordan 2024, arXiv:2404.00498).
    """

    def draw(self, shown: Shown) -> Draws:
        """Return which images are mirrored."""
        return (fair_coins(shown.index, shown.generator.initial_seed()) ^ bool(shown.epoch % 2),)


def fair_coins(index: Tensor, seed: int) -> Tensor:
    """Return a fair coin (B,) bool for each element of `index` (B,) int64, determined by index and seed.

    It is a hash, so that no state has to be kept between batches: two rounds of folding and multiplying in 31
    bits, whose products fit in an int64 on every device.
    """
    mask = (1 << 31) - 1
    hashed = (index + seed % 999_983 * 65_537 + 1) & mask
    for factor in (0x45D9F3B, 0x119DE1F3):
        hashed = ((hashed ^ (hashed >> 15)) * factor) & mask
    return ((hashed ^ (hashed >> 16)) & 1).bool()
