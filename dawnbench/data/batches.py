"""Training batches from images that lie on the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from dawnbench.data.augmentation import Change, Move
from dawnbench.data.normalization import Normalization


class TrainingBatches:
    """Shuffled, augmented, normalised batches; an epoch touches each image at most once.

    `images` is (N, H, W, C) uint8 and `labels` (N,) int64, on one device; the set itself is never copied.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        normalization: Normalization,
        augmentations: Sequence[Move | Change],
        batch_size: int,
        drop_last: bool,
        generator: torch.Generator,
    ) -> None:
        self._pixels = images.view(-1, images.shape[3])
        self._count, self._height, self._width, _ = images.shape
        self._labels = labels
        self._normalization = normalization
        self._augmentations = augmentations
        self._batch_size = batch_size
        self._drop_last = drop_last
        self._generator = generator

    def epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images (B, C, H, W) normalised, labels (B,)) in a new random order."""
        device = self._labels.device
        order = torch.randperm(self._count, generator=self._generator, device=device)
        for index in order.split(self._batch_size):
            if self._drop_last and len(index) < self._batch_size:
                return
            yield self._images(index), self._labels[index]

    def _images(self, index: Tensor) -> Tensor:
        count, size = len(index), (self._height, self._width)
        rows = torch.arange(size[0], device=index.device).expand(count, -1)
        columns = torch.arange(size[1], device=index.device).expand(count, -1)
        for augmentation in self._augmentations:
            if hasattr(augmentation, "move"):
                rows, columns = augmentation.move(rows, columns, size, self._generator)
        lines = index[:, None] * size[0] + rows
        source = lines[:, :, None] * size[1] + columns[:, None, :]
        pixels = self._pixels.index_select(0, source.flatten())
        images = self._normalization(pixels.view(count, *size, -1))
        for augmentation in self._augmentations:
            if hasattr(augmentation, "change"):
                augmentation.change(images, self._generator)
        return images
