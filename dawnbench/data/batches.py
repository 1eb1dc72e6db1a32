"""Training batches from images that lie on the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from dawnbench.data.augmentation import Change, Move, Shown
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
        self._epoch = 0

    def epoch(self, size: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images (B, C, H, W) normalised, labels (B,)) in a new random order.

        `size` is the height and width to which the augmented images are shrunk; None leaves them.
        """
        device, epoch = self._labels.device, self._epoch
        self._epoch += 1
        order = torch.randperm(self._count, generator=self._generator, device=device)
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
        count, size = len(index), (self._height, self._width)
        shown = Shown(index, epoch, size, self._generator)
        rows = torch.arange(size[0], device=index.device).expand(count, -1)
        columns = torch.arange(size[1], device=index.device).expand(count, -1)
        for augmentation in self._augmentations:
            if hasattr(augmentation, "move"):
                rows, columns = augmentation.move(rows, columns, shown)
        lines = index[:, None] * size[0] + rows
        source = lines[:, :, None] * size[1] + columns[:, None, :]
        pixels = self._pixels.index_select(0, source.flatten())
        images = self._normalization(pixels.view(count, *size, -1))
        for augmentation in self._augmentations:
            if hasattr(augmentation, "change"):
                augmentation.change(images, self._generator)
        return images
