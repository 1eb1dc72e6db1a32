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
    views = last or not settings.tta_last_epoch_only
    with device.autocast(precision):
        logits = torch.cat(
            [
                _plain(model, normalize(pixels), mirrored=settings.flip and views)
                for pixels in split.images.split(settings.batch_size)
            ]
        )
        if settings.shift and views:
            logits = _with_shifts(model, split.images, normalize, logits, settings)
    loss = F.cross_entropy(logits.float(), split.labels, reduction="sum")
    return loss, (logits.argmax(1) == split.labels).sum()


def _plain(model: nn.Module, images: Tensor, mirrored: bool) -> Tensor:
    """Return the logits (N, classes) of images (N, C, H, W), or their mean with the mirror images'."""
    logits = model(images)
    if mirrored:
        logits = (logits + model(images.flip(3))) / 2
    return logits  # type: ignore[no-any-return]


def _with_shifts(
    model: nn.Module, pixels: Tensor, normalize: Normalize, logits: Tensor, settings: Evaluation
) -> Tensor:
    """Return logits to half from two shifted views, for as many of the least sure images as get them."""
    count = len(pixels) if settings.tta_images is None else min(settings.tta_images, len(pixels))
    first, second = logits.float().topk(2).values.unbind(1)
    # Their number is known beforehand: no shape depends on the logits, and the host need not wait for them.
    least_sure = (first - second).topk(count, largest=False).indices
    by, (height, width) = settings.shift, pixels.shape[1:3]
    shifted = []
    for chosen in least_sure.split(settings.batch_size):
        padded = F.pad(normalize(pixels[chosen]), (by,) * 4, mode="reflect")
        views = (padded[:, :, at : at + height, at : at + width] for at in (0, 2 * by))
        up_left, down_right = (_plain(model, view, settings.flip) for view in views)
        shifted.append((up_left + down_right) / 4)
    return logits.index_copy(0, least_sure, logits[least_sure] / 2 + torch.cat(shifted))
