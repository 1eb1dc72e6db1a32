"""Accuracy on images that the model was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.data.normalization import Normalization
from dawnbench.engine.device import Device
from dawnbench.engine.distributed import SINGLE, Ranks
from dawnbench.engine.programs import Programs
from dawnbench.engine.resident import ResidentSplit
from dawnbench.recipes.recipe import EvaluationSpec

TOP = 5


class Evaluation:
    """Evaluates a model on a whole split, in batches whose shapes are known before the clock starts.

    The loss is plain cross-entropy, so that it can be compared between recipes. Shifted views are taken of
    the images whose two highest logits are closest: the same number in every trial, in whole batches.

    Each rank computes the logits of its share of the images, and all ranks get all logits. The running
    statistics of norms, which each rank has from its own part of the batches, are averaged first.
    """

    def __init__(
        self,
        model: nn.Module,
        split: ResidentSplit,
        normalization: Normalization,
        dtype: torch.dtype,
        settings: EvaluationSpec,
        programs: Programs,
        device: Device,
        ranks: Ranks = SINGLE,
    ) -> None:
        """Evaluate `model`, which maps images (B, C, H, W) in `dtype` to logits (B, classes), on `split`."""
        self._model, self._split, self._normalization = model, split, normalization
        self._dtype, self._settings, self._device = dtype, settings, device
        self._ranks = ranks
        self._statistics = [buffer for buffer in model.buffers() if buffer.is_floating_point()]
        self._batch_size = min(settings.batch_size, len(split))
        self._logits_of = programs(self._views)
        self._captured: dict[bool, Callable[[], None]] = {}
        self.loss = torch.zeros((), device=device.torch)
        """In nats, summed over the images, since the last call."""
        self.correct = torch.zeros((), dtype=torch.int64, device=device.torch)
        """Images classified correctly, since the last call."""
        self.top5_correct: Tensor | None = torch.zeros_like(self.correct) if settings.top5 else None
        """Images whose class is among the five with the highest logits; None unless the settings ask."""

    def __call__(self, last: bool = True) -> None:
        """Set `loss` and `correct`; `last` marks the last epoch, in which all views are used."""
        self._model.eval()
        plain = self._is_plain(last)
        captured = self._captured.get(plain)
        if captured is None:
            self._run(plain)
        else:
            captured()

    def rehearse(self, last: bool) -> None:
        """Do everything that an evaluation does, but only once per batch shape."""
        self._model.eval()
        self._run(self._is_plain(last), once=True)

    def kinds(self) -> tuple[bool, ...]:
        """Return the values of `last` that lead to different computations in a trial."""
        return (True, False) if self._settings.tta_last_epoch_only else (True,)

    def capture(self, last: bool) -> None:
        """Capture such an evaluation for replay.

        Raises:
            CaptureError: the evaluation cannot be captured.
        """
        plain = self._is_plain(last)
        self._model.eval()
        self._captured[plain] = self._device.capture(lambda: self._run(plain))

    def release(self) -> None:
        """Drop all captures."""
        self._captured.clear()

    def _is_plain(self, last: bool) -> bool:
        """Return whether only the images themselves are evaluated, without further views."""
        return self._settings.tta_last_epoch_only and not last

    @torch.no_grad()
    def _run(self, plain: bool, once: bool = False) -> None:
        """Evaluate; with `once`, every batch gets the logits of the first batch of its shape."""
        settings, split = self._settings, self._split
        self._ranks.mean_(self._statistics)
        mine = split.images[self._ranks.place.share(len(split))]
        parts = self._in_batches(mine.split(self._batch_size), settings.flip and not plain, 0, once)
        logits = self._ranks.joined(parts, len(split))
        if settings.shift and not plain:
            self._mix_in_shifted(logits, once)
        self.loss.copy_(F.cross_entropy(logits, split.labels, reduction="sum"))
        self.correct.copy_((logits.argmax(1) == split.labels).sum())
        if self.top5_correct is not None:
            highest = logits.topk(min(TOP, logits.shape[1]), sorted=False).indices
            self.top5_correct.copy_((highest == split.labels[:, None]).sum())

    def counts(self) -> list[Tensor]:
        """Return `correct`, followed by `top5_correct` if it is counted."""
        return [self.correct, *(() if self.top5_correct is None else (self.top5_correct,))]

    def _in_batches(self, batches: Iterable[Tensor], mirrored: bool, shift: int, once: bool) -> Tensor:
        """Return the concatenated logits of batches (B, H, W, C)."""
        found: dict[int, Tensor] = {}
        parts = []
        for pixels in batches:
            if not once or len(pixels) not in found:
                found[len(pixels)] = self._logits_of(pixels, mirrored, shift)
            parts.append(found[len(pixels)])
        return torch.cat(parts)

    def _mix_in_shifted(self, logits: Tensor, once: bool) -> None:
        """Give two shifted views half the weight in the logits (M, classes) of the least certain images."""
        settings, images = self._settings, self._split.images
        first, second = logits.topk(2).values.unbind(1)
        uncertain = (first - second).topk(self._shifted_images(), largest=False, sorted=False).indices
        mine = uncertain[self._ranks.place.share(len(uncertain))]
        batches = (images.index_select(0, index) for index in mine.split(self._batch_size))
        parts = self._in_batches(batches, settings.flip, settings.shift, once)
        shifted = self._ranks.joined(parts, len(uncertain))
        logits.index_copy_(0, uncertain, logits.index_select(0, uncertain) / 2 + shifted / 2)

    def _shifted_images(self) -> int:
        wanted = self._settings.tta_images
        if wanted is None:
            return len(self._split)
        # Whole batches, so that there is only one shape.
        return min(-(-wanted // self._batch_size) * self._batch_size, len(self._split))

    def _views(self, pixels: Tensor, mirrored: bool, shift: int) -> Tensor:
        """Return float32 logits (B, classes) of uint8 images (B, H, W, C).

        With `shift` they are the mean over two views, shifted by `shift` pixels toward opposite corners. With
        `mirrored` the logits of each view are averaged with those of its mirror image.
        """
        images = self._normalization(pixels).to(self._dtype)
        views = [images]
        if shift:
            height, width = images.shape[2:]
            padded = F.pad(images, (shift,) * 4, mode="reflect")
            views = [padded[:, :, at : at + height, at : at + width] for at in (0, 2 * shift)]
        if mirrored:
            views = [side for view in views for side in (view, view.flip(3))]
        total = self._model(views[0]).float()
        for view in views[1:]:
            total = total + self._model(view).float()
        return total / len(views)  # type: ignore[no-any-return]
