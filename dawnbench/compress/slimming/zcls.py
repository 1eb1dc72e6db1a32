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
from dawnbench.models.resize import is_depthwise
from dawnbench.models.small import VGG, CifarResNet

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
    from torchvision.models import MobileNetV2, ResNet, vgg

    match model:
        case VGG() | vgg.VGG():
            yield from _vgg(model)
        case ResNet() | CifarResNet():
            yield from _resnet(model)
        case MobileNetV2():
            yield from _mobilenet(model)
        case _:
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
    yield Link(_head(model), None, source)


def _resnet(model: nn.Module) -> Iterator[Link]:
    blocks = [
        (f"{stage}.{number}", block)
        for stage, layer in model.named_children()
        if stage.startswith("layer")
        for number, block in layer.named_children()
    ]
    source = "bn1"
    # A first block without a convolution in its shortcut adds the stem's channels to the trunk.
    yield Link("conv1", source, None, whole=blocks[0][1].downsample is None)
    for name, block in blocks:
        inner = source
        convs = [own for own, layer in block.named_children() if isinstance(layer, nn.Conv2d)]
        for conv in convs:
            norm = f"{name}.bn{conv[-1]}"
            yield Link(f"{name}.{conv}", norm, inner, whole=conv == convs[-1])
            inner = norm
        if block.downsample is not None:
            yield Link(f"{name}.downsample.0", f"{name}.downsample.1", source, whole=True)
        source = inner
    yield Link(_head(model), None, source)


def _mobilenet(model: nn.Module) -> Iterator[Link]:
    source: str | None = None
    for name, block in model.get_submodule("features").named_children():
        layers = [(f"features.{name}.{own}", layer) for own, layer in block.named_modules()]
        convs = [own for own, layer in layers if isinstance(layer, nn.Conv2d)]
        norms = [own for own, layer in layers if isinstance(layer, nn.BatchNorm2d)]
        shortcut = source if getattr(block, "use_res_connect", False) else None
        for conv, norm in zip(convs, norms, strict=True):
            tie = source if is_depthwise(model.get_submodule(conv)) else None
            yield Link(conv, norm, source, tie or (shortcut if conv == convs[-1] else None))
            source = norm
    yield Link(_head(model), None, source)


def _head(model: nn.Module) -> str:
    """Return the first linear layer."""
    names: list[str] = [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear)]
    return names[0]


def _chosen(scale: Tensor, threshold: Tensor) -> Tensor:
    """Return the channels above the threshold, filled up to a multiple of 8 with the largest others."""
    above = int((scale > threshold).sum())
    number = min(len(scale), max(MULTIPLE, -(-above // MULTIPLE) * MULTIPLE))
    return scale.argsort(descending=True, stable=True)[:number].sort().values


def _flattened(channels: Tensor, positions: int) -> Tensor:
    """Return the inputs of a linear layer that belong to channels of (N, C, H, W) after `flatten(1)`."""
    return (channels[:, None] * positions + torch.arange(positions)).flatten()
