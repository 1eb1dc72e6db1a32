"""Replaces layers of a network by narrower ones of the same kind."""

from __future__ import annotations

import copy

from torch import nn

from dawnbench.errors import DawnbenchError
from dawnbench.models.normalization import GhostBatchNorm2d

Widths = tuple[tuple[str, int, int], ...]
"""(module name, inputs, outputs) of each layer whose channel counts differ from the dense network's. For a
batch norm both are its channels."""
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, GhostBatchNorm2d)
RESIZABLE = (nn.Conv2d, nn.Linear, *NORMS)


def resize(model: nn.Module, widths: Widths) -> None:
    """Replace the named convolutions, linear layers and batch norms in place, with fresh weights.

    A convolution with one group per channel keeps one group per channel. The layer's class and its other
    settings stay the same.

    Raises:
        DawnbenchError: there is no such layer, or its groups do not divide the channels.
    """
    layers = dict(model.named_modules())
    for name, inputs, outputs in widths:
        layer = layers.get(name)
        if not isinstance(layer, RESIZABLE):
            raise DawnbenchError(
                f"model.widths names {name!r}, which is not a convolution, linear layer or batch "
                "norm of the model"
            )
        parent, _, own = name.rpartition(".")
        setattr(layers[parent], own, _resized(name, layer, inputs, outputs))


def widths_of(layer: nn.Module) -> tuple[int, int] | None:
    """Return the inputs and outputs of a layer that can be resized; None for any other."""
    match layer:
        case nn.Conv2d():
            return layer.in_channels, layer.out_channels
        case nn.Linear():
            return layer.in_features, layer.out_features
        case nn.BatchNorm1d() | nn.BatchNorm2d() | GhostBatchNorm2d():
            return (layer.num_features,) * 2
    return None


def is_depthwise(layer: nn.Module) -> bool:
    """Return whether a layer is a convolution with one group per input channel."""
    return isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels > 1


def _resized(name: str, layer: nn.Module, inputs: int, outputs: int) -> nn.Module:
    """Return a layer like `layer` with other channel counts."""
    narrow = copy.copy(layer)
    # A shallow copy shares these with the dense layer.
    narrow._parameters, narrow._buffers = dict(layer._parameters), dict(layer._buffers)
    shape: tuple[int, ...] = (outputs,)
    if isinstance(narrow, nn.Conv2d):
        groups = inputs if is_depthwise(narrow) else narrow.groups
        if inputs % groups or outputs % groups:
            raise DawnbenchError(
                f"model.widths gives {name} {inputs} inputs and {outputs} outputs, but each must be a "
                f"multiple of its {groups} groups"
            )
        narrow.in_channels, narrow.out_channels, narrow.groups = inputs, outputs, groups
        shape = (outputs, inputs // groups, *narrow.kernel_size)
    elif isinstance(narrow, nn.Linear):
        narrow.in_features, narrow.out_features = inputs, outputs
        shape = (outputs, inputs)
    elif isinstance(narrow, nn.BatchNorm1d | nn.BatchNorm2d):
        narrow.num_features = outputs
    for key, weight in narrow._parameters.items():
        if weight is not None:
            fresh = weight.new_empty(shape if key == "weight" else (outputs,))
            narrow._parameters[key] = nn.Parameter(fresh, weight.requires_grad)
    for key, value in narrow._buffers.items():
        if value is not None and value.dim():  # not the number of batches that a batch norm has seen
            narrow._buffers[key] = value.new_empty(outputs)
    narrow.reset_parameters()  # type: ignore[operator]
    return narrow
