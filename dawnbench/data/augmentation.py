"""The interface of random augmentations, in two halves.

`draw` makes the random numbers of an epoch at its start; the rest is a pure function of tensors,
which a compiler can fuse and a CUDA graph can replay. A change either moves pixels, by saying from which row
and column of the source each target pixel comes (so that any number of moves cost one gather, and no padded
copy of the set is kept), or recolors the pixels before they are normalized, or changes the normalized ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

Draws = tuple[Tensor, ...]
"""The random numbers of a set of images, each tensor (B, ...), on the images' device."""


@dataclass(frozen=True)
class Shown:
    """Which images an epoch shows, in their order, and when."""

    index: Tensor
    """(B,) int64, their indices in the training set."""
    epoch: int
    """Counted from 0."""
    size: tuple[int, int]
    """Height and width in pixels."""
    generator: torch.Generator
    """The trial's, on the images' device."""

    def uniform(self, *shape: int) -> Tensor:
        """Return numbers (*shape, B) between 0 and 1."""
        shape = (*shape, len(self.index))
        return torch.rand(shape, generator=self.generator, device=self.index.device)

    def integers(self, low: int, high: int) -> Tensor:
        """Return whole numbers (B,) from `low` up to but not including `high`."""
        shape = (len(self.index),)
        return torch.randint(low, high, shape, generator=self.generator, device=self.index.device)


class Augmentation:
    """A random transformation of training images; subclass `Move`, `Recolor` or `Change`."""

    def check(self, size: tuple[int, int]) -> None:
        """Raise DawnbenchError if images of `size` (height, width) are too small."""

    def draw(self, shown: Shown) -> Draws:
        """Return the random numbers of the images, one row per image."""
        return ()


class Move(Augmentation):
    """Moves pixels."""

    leaves_image = False
    """Whether source pixels may lie outside the image, which is black there."""

    def move(
        self, rows: Tensor, columns: Tensor, draws: Draws, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Return new source rows and columns, int64.

        Inputs and outputs are (B or 1, H or 1, W or 1), with 1 if all images, rows or columns are alike.
        `size` is the height and width of the images.
        """
        raise NotImplementedError


class Recolor(Augmentation):
    """Changes stored pixels."""

    def recolor(self, pixels: Tensor, draws: Draws) -> Tensor:
        """Return new pixels (B, H, W, C), 0 to 255, of any type, for uint8 pixels."""
        raise NotImplementedError


class Change(Augmentation):
    """Changes normalized pixels."""

    def change(self, images: Tensor, draws: Draws) -> Tensor:
        """Return new images for `images` (B, C, H, W), of the same type."""
        raise NotImplementedError
