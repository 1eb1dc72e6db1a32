"""Random changes of training images, on the device that trains.

An augmentation either moves pixels, by saying from which row and column of the source each target pixel
comes (so that any number of moves cost one gather, and no padded copy of the set is kept), or recolours the
pixels of a batch before they are normalised, or changes the normalised ones in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from dawnbench.errors import DawnbenchError


@dataclass(frozen=True)
class Shown:
    """Which images a batch shows, and when."""

    index: Tensor
    """(B,) int64, their places in the training set."""
    epoch: int
    """Counted from 0."""
    size: tuple[int, int]
    """Height and width in pixels."""
    generator: torch.Generator
    """The trial's, on the images' device."""


class Move(Protocol):
    """Moves pixels."""

    def check(self, size: tuple[int, int]) -> None:
        """Raise DawnbenchError where images of `size` (height, width) are too small."""

    def move(self, rows: Tensor, columns: Tensor, shown: Shown) -> tuple[Tensor, Tensor]:
        """Return new source rows and columns, int64.

        Both come and go as (B, H or 1, W or 1), 1 where all pixels of a row or column are alike. What lies
        outside the source is black; a move that may lead there has `leaves_image` set.
        """


class Recolour(Protocol):
    """Changes pixels as they are stored."""

    def check(self, size: tuple[int, int]) -> None:
        """Raise DawnbenchError where images of `size` (height, width) are too small."""

    def recolour(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """Return other pixels (N, H, W, C), 0 to 255, of any type, in place of uint8 ones."""


class Change(Protocol):
    """Changes pixels."""

    def check(self, size: tuple[int, int]) -> None:
        """Raise DawnbenchError where images of `size` (height, width) are too small."""

    def change(self, images: Tensor, generator: torch.Generator) -> None:
        """Change normalised images (N, C, H, W) in place."""


Augmentation = Move | Recolour | Change
"""What an augmentation part builds."""


def reflect(index: Tensor, size: int) -> Tensor:
    """Fold indices that lie outside 0 to size-1 back in, mirrored at the outermost pixels."""
    last = size - 1
    return last - (last - index.abs()).abs()


def _shift(most: int, shown: Shown) -> Tensor:
    shape = (len(shown.index), 1, 1)
    return torch.randint(-most, most + 1, shape, generator=shown.generator, device=shown.index.device)


def _mirrored(columns: Tensor, which: Tensor, shown: Shown) -> Tensor:
    """Return the columns, reversed for the images of `which` (B,) bool."""
    return torch.where(which[:, None, None], shown.size[1] - 1 - columns, columns)


class RandomCrop:
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

    def move(self, rows: Tensor, columns: Tensor, shown: Shown) -> tuple[Tensor, Tensor]:
        """Return shifted coordinates."""
        height, width = shown.size
        rows = rows + _shift(self.padding, shown)
        columns = columns + _shift(self.padding, shown)
        return (rows, columns) if self.leaves_image else (reflect(rows, height), reflect(columns, width))


class RandomFlip:
    """Mirrors left and right with probability one half."""

    def check(self, size: tuple[int, int]) -> None:
        """Any image can be mirrored."""

    def move(self, rows: Tensor, columns: Tensor, shown: Shown) -> tuple[Tensor, Tensor]:
        """Return the coordinates, the columns of half of the images reversed."""
        flips = torch.randint(2, (len(shown.index),), generator=shown.generator, device=columns.device)
        return rows, _mirrored(columns, flips == 1, shown)


class AlternatingFlip:
    """Mirrors each image in every other epoch; which half begins mirrored hangs on the trial's seed.

    Two epochs in a row show an image from both sides, which half of the random flips do not
    (Jordan 2024, arXiv:2404.00498).
    """

    def check(self, size: tuple[int, int]) -> None:
        """Any image can be mirrored."""

    def move(self, rows: Tensor, columns: Tensor, shown: Shown) -> tuple[Tensor, Tensor]:
        """Return the coordinates, the columns of the images whose turn it is reversed."""
        begins = fair_coins(shown.index, shown.generator.initial_seed())
        return rows, _mirrored(columns, begins ^ bool(shown.epoch % 2), shown)


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


class ColorJitter:
    """Adds a number to an image's normalised pixels and multiplies them by another.

    Each image draws its brightness from -`brightness` to `brightness` and its factor from 1 - `contrast` to
    1 + `contrast`; all channels share them.
    """

    def __init__(self, brightness: float, contrast: float) -> None:
        self.brightness, self.contrast = brightness, contrast

    def check(self, size: tuple[int, int]) -> None:
        """Any image can be brighter."""

    def change(self, images: Tensor, generator: torch.Generator) -> None:
        """Shift and scale in place."""
        shape = (2, len(images), 1, 1, 1)
        draws = torch.rand(shape, generator=generator, device=images.device).mul_(2).sub_(1)
        brightness, contrast = (draws[0] * self.brightness), (draws[1] * self.contrast + 1)
        images.add_(brightness).mul_(contrast)


class Cutout:
    """Sets a square of `size` pixels, wholly inside the image, to the mean colour.

    After DeVries and Taylor 2017 (arXiv:1708.04552), whose square may reach over the border. An image has its
    square with `probability`.
    """

    def __init__(self, size: int, probability: float = 1.0) -> None:
        self.size, self.probability = size, probability

    def check(self, size: tuple[int, int]) -> None:
        """Refuse a square that does not fit in."""
        if self.size > min(size):
            raise DawnbenchError(
                f"augmentation.cutout.size={self.size} is more than the images' {min(size)} pixels"
            )

    def change(self, images: Tensor, generator: torch.Generator) -> None:
        """Zero the square, which in normalised pixels is the mean."""
        count, _, height, width = images.shape
        rows = self._covered(count, height, images, generator)[:, None, :, None]
        columns = self._covered(count, width, images, generator)[:, None, None, :]
        if self.probability < 1:
            draws = torch.rand((count, 1, 1, 1), generator=generator, device=images.device)
            rows = rows & (draws < self.probability)
        images.masked_fill_(rows & columns, 0)

    def _covered(self, count: int, extent: int, images: Tensor, generator: torch.Generator) -> Tensor:
        places = extent - self.size + 1
        first = torch.randint(places, (count, 1), generator=generator, device=images.device)
        index = torch.arange(extent, device=images.device)
        return (index >= first) & (index < first + self.size)
