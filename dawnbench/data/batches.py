"""Training batches from images that lie on the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from dawnbench.data.augmentation import Change, Move, Recolour, Shown
from dawnbench.data.normalization import Normalization


class TrainingBatches:
    """Augmented, normalised batches, in a new order each epoch or always in the set's own.

    An epoch touches each image at most once.

    `images` is (N, H, W, C) uint8 and `labels` (N,) int64, on one device; the set itself is never copied.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        normalization: Normalization,
        augmentations: Sequence[Move | Recolour | Change],
        batch_size: int,
        drop_last: bool,
        generator: torch.Generator,
        shuffle: bool = True,
    ) -> None:
        self._stored = images
        self._pixels = images.view(-1, images.shape[3])
        self._count, self._height, self._width, _ = images.shape
        self._labels = labels
        self._normalization = normalization
        self._augmentations = augmentations
        self._batch_size = batch_size
        self._drop_last = drop_last
        self._shuffle = shuffle
        self._generator = generator
        self._epoch = 0

    def epoch(self, size: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images (B, C, H, W) normalised, labels (B,)).

        `size` is the height and width to which the augmented images are shrunk; None leaves them.
        """
        device, epoch = self._labels.device, self._epoch
        self._epoch += 1
        if self._shuffle:
            order = torch.randperm(self._count, generator=self._generator, device=device)
        else:
            order = torch.arange(self._count, device=device)
        for index in order.split(self._batch_size):
            if self._drop_last and len(index) < self._batch_size:
                return
            images = self._images(index, epoch)
            if size is not None and size != self._height:
                # The whole scene smaller, not a window of it: that costs less accuracy (fulcrumresearch,
                # investigations/24px-curriculum.md, 2026).
                images = F.interpolate(images, size=(size, size), mode="bilinear")
            yield images, self._labels[index]

    def _images(self, index: Tensor, epoch: int) -> Tensor:
        shown = Shown(index, epoch, (self._height, self._width), self._generator)
        moves: list[Any] = [
            augmentation for augmentation in self._augmentations if hasattr(augmentation, "move")
        ]
        pixels = self._moved(shown, moves) if moves else self._stored.index_select(0, index)
        for augmentation in self._augmentations:
            if hasattr(augmentation, "recolour"):
                pixels = augmentation.recolour(pixels, self._generator)
        images = self._normalization(pixels)
        for augmentation in self._augmentations:
            if hasattr(augmentation, "change"):
                augmentation.change(images, self._generator)
        return images

    def _moved(self, shown: Shown, moves: Sequence[Move]) -> Tensor:
        """Return the stored pixels (B, H, W, C) from where the moves say."""
        height, width = shown.size
        device = shown.index.device
        rows = torch.arange(height, device=device)[None, :, None]
        columns = torch.arange(width, device=device)[None, None, :]
        for move in moves:
            rows, columns = move.move(rows, columns, shown)
        outside = None
        if any(getattr(move, "leaves_image", False) for move in moves):
            rows, columns, outside = _kept_inside(rows, columns, shown.size)
        source = (shown.index[:, None, None] * height + rows) * width + columns
        pixels = self._pixels.index_select(0, source.flatten())
        pixels = pixels.view(*source.shape, -1)
        if outside is not None:
            pixels.masked_fill_(outside[..., None], 0)
        return pixels


def _kept_inside(rows: Tensor, columns: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the coordinates clipped to the image, and which (B, H, W) lay outside."""
    height, width = size
    inside_rows, inside_columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    return inside_rows, inside_columns, (inside_rows != rows) | (inside_columns != columns)
