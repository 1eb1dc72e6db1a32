"""Random changes of training images, on the device that trains.

An augmentation either moves pixels, by saying from which row and column of the source each target pixel
comes (so that any number of moves cost one gather, and no padded copy of the set is kept), or changes the
normalised pixels of a batch in place.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from dawnbench.errors import DawnbenchError


class Move(Protocol):
    """Moves pixels."""

    def check(self, size: tuple[int, int]) -> None:
        """Raise DawnbenchError where images of `size` (height, width) are too small."""

    def move(
        self, rows: Tensor, columns: Tensor, size: tuple[int, int], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return new source rows (N, H) and columns (N, W), int64, for images of `size` (height, width)."""


class Change(Protocol):
    """Changes pixels."""

    def check(self, size: tuple[int, int]) -> None:
        """Raise DawnbenchError where images of `size` (height, width) are too small."""

    def change(self, images: Tensor, generator: torch.Generator) -> None:
        """Change normalised images (N, C, H, W) in place."""


def reflect(index: Tensor, size: int) -> Tensor:
    """Fold indices that lie outside 0 to size-1 back in, mirrored at the outermost pixels."""
    last = size - 1
    return last - (last - index.abs()).abs()


def _shift(count: int, most: int, index: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(-most, most + 1, (count, 1), generator=generator, device=index.device)


class RandomCrop:
    """Shifts by up to `padding` pixels each way; what comes in from outside is the mirrored border."""

    def __init__(self, padding: int) -> None:
        self.padding = padding

    def check(self, size: tuple[int, int]) -> None:
        """Refuse a padding that would reflect more than there is."""
        if self.padding >= min(size):
            raise DawnbenchError(
                f"augmentation.crop.padding={self.padding} must be less than the images' {min(size)} pixels"
            )

    def move(
        self, rows: Tensor, columns: Tensor, size: tuple[int, int], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return shifted coordinates."""
        rows = rows + _shift(len(rows), self.padding, rows, generator)
        columns = columns + _shift(len(columns), self.padding, columns, generator)
        return reflect(rows, size[0]), reflect(columns, size[1])


class RandomFlip:
    """Mirrors left and right with probability one half."""

    def check(self, size: tuple[int, int]) -> None:
        """Any image can be mirrored."""

    def move(
        self, rows: Tensor, columns: Tensor, size: tuple[int, int], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return the coordinates, the columns of half of the images reversed."""
        flips = torch.randint(2, (len(columns), 1), generator=generator, device=columns.device)
        return rows, torch.where(flips == 1, size[1] - 1 - columns, columns)


class Cutout:
    """Sets a square of `size` pixels, wholly inside the image, to the mean colour.

    After DeVries and Taylor 2017 (arXiv:1708.04552), whose square may reach over the border.
    """

    def __init__(self, size: int) -> None:
        self.size = size

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
        images.masked_fill_(rows & columns, 0)

    def _covered(self, count: int, extent: int, images: Tensor, generator: torch.Generator) -> Tensor:
        places = extent - self.size + 1
        first = torch.randint(places, (count, 1), generator=generator, device=images.device)
        index = torch.arange(extent, device=images.device)
        return (index >= first) & (index < first + self.size)
