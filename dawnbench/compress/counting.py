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
from typing import Any

import torch
from torch import Tensor, nn

from dawnbench.models.resize import NORMS, Widths, resize


def count_macs(model: nn.Module, image: Sequence[int], widths: Widths = ()) -> tuple[int, int]:
    """Return the multiply-accumulates per image, and the parameters, of `model` with `widths`.

    `image` is (channels, height, width). The model stays as it is and computes nothing.
    """
    counted = copy.deepcopy(model).to("meta").eval()
    resize(counted, widths)
    total = 0

    def add(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        nonlocal total
        total += _operations(layer, inputs[0], output)

    for layer in counted.modules():
        layer.register_forward_hook(add)
    with torch.no_grad():
        counted(torch.empty(1, *image, device="meta"))
    return total, sum(p.numel() for p in counted.parameters())


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
