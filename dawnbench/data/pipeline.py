"""Makes training batches on the device from stored uint8 images, indices and draws."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from dawnbench.data.augmentation import Augmentation, Change, Draws, Move, Recolor, Shown
from dawnbench.data.normalization import Normalization
from dawnbench.errors import DawnbenchError


class InputPipeline:
    """Augments and normalizes the images of a batch.

    `draw` makes an epoch's random numbers; the call is a pure function of tensors, which a compiler turns
    into one kernel.
    """

    def __init__(
        self, augmentations: Sequence[Augmentation], normalization: Normalization, dtype: torch.dtype
    ) -> None:
        """Take the augmentations; batches are returned in `dtype`.

        Whatever the order in the recipe, moves are applied first, then changes of stored pixels, then changes
        of normalized pixels.

        Raises:
            DawnbenchError: an augmentation is none of these.
        """
        roles = (Move, Recolor, Change)
        for augmentation in augmentations:
            if not isinstance(augmentation, roles):
                raise DawnbenchError(
                    "an augmentation part must build a subclass of Move, Recolor or Change from "
                    f"dawnbench.data.augmentation, not a {type(augmentation).__name__}"
                )
        self._augmentations = tuple(a for role in roles for a in augmentations if isinstance(a, role))
        self._normalization, self._dtype = normalization, dtype
        self._leaves_image = any(a.leaves_image for a in self._augmentations if isinstance(a, Move))

    def draw(
        self, order: Tensor, epoch: int, size: tuple[int, int], generator: torch.Generator
    ) -> tuple[Draws, ...]:
        """Return each augmentation's draws for an epoch, counted from 0, with images in this `order`.

        Every tensor is (len(order), ...). `size` is the stored images' height and width.
        """
        shown = Shown(order, epoch, size, generator)
        return tuple(augmentation.draw(shown) for augmentation in self._augmentations)

    def __call__(self, stored: Tensor, index: Tensor, draws: Sequence[Draws], size: int) -> Tensor:
        """Return the batch (B, C, size, size) in `channels_last` memory.

        `stored` is (N, H, W, C) uint8, `index` (B,) int64 and each tensor of `draws` (B, ...). Images larger
        than `size` are shrunk after augmentation.
        """
        pixels = self._moved(stored, index, draws)
        for augmentation, drawn in zip(self._augmentations, draws, strict=True):
            if isinstance(augmentation, Recolor):
                pixels = augmentation.recolor(pixels, drawn)
        images = self._normalization(pixels).to(self._dtype)
        for augmentation, drawn in zip(self._augmentations, draws, strict=True):
            if isinstance(augmentation, Change):
                images = augmentation.change(images, drawn)
        if size != images.shape[2]:
            # Shrink the whole image rather than crop it: that costs less accuracy (fulcrumresearch,
            # investigations/24px-curriculum.md, 2026).
            images = F.interpolate(images, size=(size, size), mode="bilinear")
        # A custom change may have returned another memory format.
        return images.contiguous(memory_format=torch.channels_last)

    def _moved(self, stored: Tensor, index: Tensor, draws: Sequence[Draws]) -> Tensor:
        """Return the stored pixels (B, H, W, C) at the coordinates that the moves give."""
        moves = [
            (augmentation, drawn)
            for augmentation, drawn in zip(self._augmentations, draws, strict=True)
            if isinstance(augmentation, Move)
        ]
        if not moves:
            return stored.index_select(0, index)
        count, height, width, channels = stored.shape
        rows = torch.arange(height, device=index.device)[None, :, None]
        columns = torch.arange(width, device=index.device)[None, None, :]
        for move, drawn in moves:
            rows, columns = move.move(rows, columns, drawn, (height, width))
        outside = None
        if self._leaves_image:
            rows, columns, outside = _clipped(rows, columns, (height, width))
        source = (index[:, None, None] * height + rows) * width + columns
        pixels = stored.view(count * height * width, channels).index_select(0, source.flatten())
        pixels = pixels.view(*source.shape, channels)
        return pixels if outside is None else pixels.masked_fill(outside[..., None], 0)


def _clipped(rows: Tensor, columns: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the coordinates clipped to the image, and which (B, H, W) lay outside."""
    height, width = size
    inside_rows, inside_columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    return inside_rows, inside_columns, (inside_rows != rows) | (inside_columns != columns)
