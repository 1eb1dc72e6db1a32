"""The training images of one epoch: the order and random draws made at its start, and its batches."""

from __future__ import annotations

import torch
from torch import Tensor

from dawnbench.data.augmentation import Draws
from dawnbench.data.pipeline import InputPipeline
from dawnbench.engine.launched import Launched
from dawnbench.engine.programs import Programs
from dawnbench.engine.resident import ResidentSplit


class EpochInput:
    """Serve batches by number, read from tensors whose addresses never change between epochs.

    An epoch touches each image at most once.
    """

    def __init__(
        self,
        split: ResidentSplit,
        pipeline: InputPipeline,
        programs: Programs,
        *,
        batch_size: int,
        drop_last: bool,
        shuffle: bool,
        place: Launched = Launched(),  # noqa: B008  it is frozen
    ) -> None:
        """Take the training split; without `shuffle` every epoch keeps the order of the data set.

        `drop_last` omits the images that do not fill a batch. Of each batch a process gets the part that is
        its own at this `place`; all processes draw the whole epoch alike.
        """
        self._split, self._pipeline = split, pipeline
        self._batch_size, self._shuffle, self._place = batch_size, shuffle, place
        full, remainder = divmod(len(split), batch_size)
        self.counts = (batch_size,) * full + ((remainder,) if remainder and not drop_last else ())
        """Number of images in each batch of an epoch."""
        device = split.labels.device
        self._all = torch.arange(len(split), device=device)
        self._order = torch.zeros(sum(self.counts), dtype=torch.int64, device=device)
        self._draws: tuple[Draws, ...] = ()
        self._program = programs(self._make_batch)

    def begin_epoch(self, epoch: int, generator: torch.Generator) -> None:
        """Draw the order and all random values of an epoch, counted from 0."""
        if self._shuffle:
            order = torch.randperm(len(self._all), generator=generator, device=self._all.device)
        else:
            order = self._all
        self._order.copy_(order[: len(self._order)])
        height, width = self._split.images.shape[1:3]
        draws = self._pipeline.draw(self._order, epoch, (height, width), generator)
        if not self._draws:
            self._draws = draws
            return
        for kept, new in zip(self._draws, draws, strict=True):
            for target, drawn in zip(kept, new, strict=True):
                target.copy_(drawn)

    def batch(self, position: Tensor, count: int, size: int) -> tuple[Tensor, Tensor]:
        """Return the images (N, C, size, size) and labels (N,) of batch number `position` () int64.

        `count` is its entry in `counts`, and N what this process trains on of these.
        """
        images, labels = self._split.images, self._split.labels
        return self._program(  # type: ignore[no-any-return]
            images, labels, self._order, self._draws, position, count, size
        )

    def _make_batch(
        self,
        images: Tensor,
        labels: Tensor,
        order: Tensor,
        draws: tuple[Draws, ...],
        position: Tensor,
        count: int,
        size: int,
    ) -> tuple[Tensor, Tensor]:
        mine = self._place.share(count)
        rows = position * self._batch_size + torch.arange(mine.start, mine.stop, device=position.device)
        # A warm-up keeps counting past the end of a short epoch.
        rows = rows.clamp(max=len(order) - 1)
        index = order.index_select(0, rows)
        batch_draws = tuple(tuple(draw.index_select(0, rows) for draw in drawn) for drawn in draws)
        return self._pipeline(images, index, batch_draws, size), labels.index_select(0, index)
