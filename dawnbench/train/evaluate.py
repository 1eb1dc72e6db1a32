"""Accuracy on images that were not trained on."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.train.device import Device
from dawnbench.train.plan import Evaluation, Normalize, Split


@torch.no_grad()
def evaluate(
    model: nn.Module,
    split: Split,
    normalize: Normalize,
    settings: Evaluation,
    device: Device,
    precision: str,
    last: bool = True,
) -> tuple[Tensor, Tensor]:
    """Return the summed cross-entropy in nats and the count of right answers, as scalars on the device.

    The loss is without label smoothing, so that recipes can be compared by it. `last` says that this is the
    last epoch, in which all of the views are taken.
    """
    model.eval()
    loss = torch.zeros((), device=split.labels.device)
    correct = torch.zeros((), dtype=torch.int64, device=split.labels.device)
    plain = settings.views_at_end and not last
    batches = zip(
        split.images.split(settings.batch_size), split.labels.split(settings.batch_size), strict=True
    )
    for pixels, labels in batches:
        images = normalize(pixels)
        with device.autocast(precision):
            logits = sum(
                (model(view) * weight for view, weight in views(images, settings, plain)),
                start=torch.zeros((), device=labels.device),
            )
        loss += F.cross_entropy(logits.float(), labels, reduction="sum")
        correct += (logits.argmax(1) == labels).sum()
    return loss, correct


def views(images: Tensor, settings: Evaluation, plain: bool) -> list[tuple[Tensor, float]]:
    """Return the views of images (N, C, H, W) whose logits are averaged, each with its weight."""
    if plain:
        return [(images, 1.0)]
    weighted = [(images, 1.0)]
    if settings.shift:
        by = settings.shift
        height, width = images.shape[2:]
        padded = F.pad(images, (by,) * 4, mode="reflect")
        shifted = (padded[:, :, at : at + height, at : at + width] for at in (0, 2 * by))
        weighted = [(images, 0.5), *((view, 0.25) for view in shifted)]
    if settings.flip:
        weighted = [(v, w / 2) for view, w in weighted for v in (view, view.flip(3))]
    return weighted
