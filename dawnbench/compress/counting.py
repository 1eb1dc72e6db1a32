"""Counts multiply-accumulates and parameters as the tool behind published tables of pruned networks did.

The tool is thop (Lyken17/pytorch-OpCounter), whose figures ZJCV/NetworkSlimming publishes as FLOPs. Per
image, a convolution counts each output times its inputs, plus one for a bias; a linear layer each output
times its inputs, without the bias; a batch norm two per element; adaptive average pooling the elements of a
window, plus one, per output. Activations, dropout, additions and other pooling count nothing. torch's counter
(`models.counting`) counts the operations, two per multiply-accumulate, of convolutions and linear layers.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dawnbench.models.counting import Counter
from dawnbench.models.resize import NORMS, Widths, resize
from dawnbench.models.shapes import OperatorCounter


@dataclass(frozen=True)
class Counts:
    """The size of a network, and the work of a forward pass per image."""

    macs: int
    """Multiply-accumulates as thop counts them."""
    flops: int
    """FLOPs as torch counts them."""
    parameters: int


def count(model: nn.Module, image: Sequence[int], widths: Widths = ()) -> Counts:
    """Return the counts of `model` with `widths`, without computing anything; it stays as it is.

    `image` is (channels, height, width).

    Raises:
        RuntimeError: the network does not accept such an image, or its layers do not fit each other.
    """
    counted = _on_meta(model, widths)
    try:
        macs, flops = _work(counted, image, OperatorCounter())
    except Exception:
        # If the fast counter fails, torch decides, with its own error message.
        macs, flops = _work(counted, image, FlopCounterMode(display=False))
    return Counts(macs, flops, _parameters(counted))


def count_parameters(model: nn.Module, widths: Widths = ()) -> int:
    """Return the parameters of `model` with `widths`; the model stays as it is."""
    return _parameters(_on_meta(model, widths))


def _on_meta(model: nn.Module, widths: Widths) -> nn.Module:
    copied = copy.deepcopy(model).to("meta").eval()
    resize(copied, widths)
    return copied


def _parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def _work(model: nn.Module, image: Sequence[int], counter: Counter) -> tuple[int, int]:
    """Return the multiply-accumulates and FLOPs of a network on the meta device."""
    macs = 0

    def add(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        nonlocal macs
        macs += _operations(layer, inputs[0], output)

    handles = [layer.register_forward_hook(add) for layer in model.modules()]
    try:
        with counter, torch.no_grad(), torch.device("meta"):
            model(torch.empty(1, *image))
    finally:
        for handle in handles:
            handle.remove()
    return macs, int(counter.get_total_flops())


def _operations(layer: nn.Module, inputs: Tensor, output: Tensor) -> int:
    match layer:
        case nn.Conv2d():
            return output.numel() * (layer.weight[0].numel() + (layer.bias is not None))
        case nn.Linear():
            return output.numel() * layer.in_features
        case nn.AdaptiveAvgPool2d():
            height, width = (a // b for a, b in zip(inputs.shape[2:], output.shape[2:], strict=True))
            return output.numel() * (height * width + 1)
        case _ if isinstance(layer, NORMS):
            return 2 * inputs.numel()
    return 0
