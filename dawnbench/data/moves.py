"""Training images shifted and mirrored."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from dawnbench.data.augmentation import Draws, Move, Shown
from dawnbench.errors import DawnbenchError


def reflect(index: Tensor, size: int) -> Tensor:
    """Fold indices that lie outside 0 to size-1 back in, mirrored at the outermost pixels."""
    last = size - 1
    return last - (last - index.abs()).abs()


def per_image(draw: Tensor) -> Tensor:
    """Return draws (B,) as (B, 1, 1), to be combined with rows and columns."""
    return draw[:, None, None]


class RandomCrop(Move):
    """Shifts by up to `padding` pixels each way; what comes in is the mirrored border, or black."""

    def __init__(self, padding: int, border: Literal["reflect", "black"] = "reflect") -> None:
        self.padding = padding
        self.leaves_image = border == "black"

    def check(self, size: tuple[int, int]) -> None:
        """Refuse a padding of more than there is."""
        if self.padding >= min(size):
            raise DawnbenchError(
                f"augmentation.crop.padding={self.padding} must be less than the images' {min(size)} pixels"
            )

    def draw(self, shown: Shown) -> Draws:
        """Return the pixels by which each image moves down and to the right."""
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
        """Return the coordinates, the columns of the mirrored images reversed."""
        return rows, torch.where(per_image(draws[0]), size[1] - 1 - columns, columns)


class AlternatingFlip(RandomFlip):
    """Mirrors each image in every other epoch; which half begins mirrored depends on the trial's seed.

    Two epochs in a row show an image from both sides, which half of the random flips do not
    (Jordan 2024, arXiv:2404.00498).
    """

    draws_by_batch = False

    def draw(self, shown: Shown) -> Draws:
        """Return which images are mirrored."""
        return (fair_coins(shown.index, shown.generator.initial_seed()) ^ bool(shown.epoch % 2),)


def fair_coins(index: Tensor, seed: int) -> Tensor:
    """Return a coin (B,) bool for each place of `index` (B,) int64, always the same for a place and a seed.

    By a hash, so that nothing needs to be kept from batch to batch: two rounds of folding and multiplying, in
    31 bits, whose products an int64 holds on every device.
    """
    mask = (1 << 31) - 1
    hashed = (index + seed % 999_983 * 65_537 + 1) & mask
    for factor in (0x45D9F3B, 0x119DE1F3):
        hashed = ((hashed ^ (hashed >> 15)) * factor) & mask
    return ((hashed ^ (hashed >> 16)) & 1).bool()
