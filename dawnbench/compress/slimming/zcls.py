"""The rule of ZJCV/NetworkSlimming: one threshold, widths in multiples of 8, trunks left whole.

The threshold is the quantile of all batch-norm scales of the network, those included that no cut can touch.
A layer keeps the channels above it, and the largest of the others until their number is a multiple of 8.
The original fills up with channels drawn at random, and draws those of depthwise and residual convolutions
apart from the channels that they belong to; here a tied layer keeps the same channels as the layer it is tied
to, so that a channel without effect can go without one. The widths are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from dawnbench.compress.slimming.channels import Kept, Plan
from dawnbench.errors import DawnbenchError
from dawnbench.models.vgg import VGG

MULTIPLE = 8


@dataclass(frozen=True)
class Link:
    """A convolution or linear layer, with the batch norm after it."""

    layer: str
    norm: str | None
    """None for a layer whose outputs all stay."""
    source: str | None
    """The batch norm whose channels it takes; None for the image."""
    tie: str | None = None
    """The batch norm whose channels stay here as well; None if its own scales decide."""
    whole: bool = False
    """Whether all outputs stay."""


def plan(model: nn.Module, ratio: float) -> Plan:
    """Return the channels that stay when the smallest `ratio` of all batch-norm scales go.

    Raises:
        DawnbenchError: the rule does not know this architecture.
    """
    norms = {name: m for name, m in model.named_modules() if isinstance(m, nn.BatchNorm2d)}
    scales = torch.cat([norm.weight.detach().abs().float().cpu() for norm in norms.values()])
    threshold = scales.sort().values[int(len(scales) * ratio)]
    kept: dict[str, Tensor] = {}
    result: Plan = {}
    for link in links(model):
        inputs = None if link.source is None else kept[link.source]
        layer = model.get_submodule(link.layer)
        if isinstance(layer, nn.Linear) and inputs is not None:
            assert link.source is not None
            inputs = _flattened(inputs, layer.in_features // norms[link.source].num_features)
        outputs = None
        if link.norm is not None:
            scale = norms[link.norm].weight.detach().abs().float().cpu()
            if link.tie is not None:
                outputs = kept[link.tie]
            else:
                outputs = torch.arange(len(scale)) if link.whole else _chosen(scale, threshold)
            kept[link.norm] = outputs
            result[link.norm] = Kept(outputs, outputs)
        result[link.layer] = Kept(inputs, outputs)
    return result


def links(model: nn.Module) -> Iterator[Link]:
    """Yield the layers of a network that the rule knows, in the order of the forward pass.

    Raises:
        DawnbenchError: the rule does not know this architecture.
    """
    from torchvision.models import vgg

    if isinstance(model, VGG | vgg.VGG):
        yield from _vgg(model)
    else:
        raise DawnbenchError(
            f"rule zcls knows VGG, ResNet and MobileNetV2, not {type(model).__name__}; use rule graph"
        )


def _vgg(model: nn.Module) -> Iterator[Link]:
    source = None
    features = list(model.get_submodule("features").named_children())
    for (name, layer), (norm, _) in pairwise(features):
        if isinstance(layer, nn.Conv2d):
            yield Link(f"features.{name}", f"features.{norm}", source)
            source = f"features.{norm}"
    head = next(n for n, m in model.named_modules() if isinstance(m, nn.Linear))
    yield Link(head, None, source)


def _chosen(scale: Tensor, threshold: Tensor) -> Tensor:
    """Return the channels above the threshold, filled up to a multiple of 8 with the largest others."""
    above = int((scale > threshold).sum())
    number = min(len(scale), max(MULTIPLE, -(-above // MULTIPLE) * MULTIPLE))
    return scale.argsort(descending=True, stable=True)[:number].sort().values


def _flattened(channels: Tensor, positions: int) -> Tensor:
    """Return the inputs of a linear layer that belong to channels of (N, C, H, W) after `flatten(1)`."""
    return (channels[:, None] * positions + torch.arange(positions)).flatten()
