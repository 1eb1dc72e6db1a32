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
            logits = _plain(model, images, mirrored=settings.flip and not plain)
            if settings.shift and not plain:
                logits = _with_shifts(model, images, logits, settings)
        loss += F.cross_entropy(logits.float(), labels, reduction="sum")
        correct += (logits.argmax(1) == labels).sum()
    return loss, correct


def _plain(model: nn.Module, images: Tensor, mirrored: bool) -> Tensor:
    """Return the logits (N, classes) of images (N, C, H, W), or their mean with the mirror images'."""
    logits = model(images)
    if mirrored:
        logits = (logits + model(images.flip(3))) / 2
    return logits  # type: ignore[no-any-return]


def _with_shifts(model: nn.Module, images: Tensor, logits: Tensor, settings: Evaluation) -> Tensor:
    """Return logits to half from two shifted views, for the images of which `logits` leave room for doubt."""
    if settings.sure_from is not None:
        first, second = logits.float().topk(2).values.unbind(1)
        doubtful = (first - second < settings.sure_from).nonzero().squeeze(1)
        images = images[doubtful]
    else:
        doubtful = torch.arange(len(images), device=images.device)
    if len(doubtful) == 0:
        return logits
    by, (height, width) = settings.shift, images.shape[2:]
    padded = F.pad(images, (by,) * 4, mode="reflect")
    views = (padded[:, :, at : at + height, at : at + width] for at in (0, 2 * by))
    shifted = [_plain(model, view, settings.flip) for view in views]
    mixed = logits[doubtful] / 2 + (shifted[0] + shifted[1]) / 4
    return logits.index_copy(0, doubtful, mixed)
