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
) -> tuple[Tensor, Tensor]:
    """Return the summed cross-entropy in nats and the count of right answers, as scalars on the device.

    The loss is without label smoothing, so that recipes can be compared by it.
    """
    model.eval()
    loss = torch.zeros((), device=split.labels.device)
    correct = torch.zeros((), dtype=torch.int64, device=split.labels.device)
    batches = zip(
        split.images.split(settings.batch_size), split.labels.split(settings.batch_size), strict=True
    )
    for pixels, labels in batches:
        images = normalize(pixels)
        with device.autocast(precision):
            logits = model(images)
            if settings.flip:
                logits = (logits + model(images.flip(3))) / 2
        loss += F.cross_entropy(logits.float(), labels, reduction="sum")
        correct += (logits.argmax(1) == labels).sum()
    return loss, correct
