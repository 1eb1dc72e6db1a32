"""A plain stack of convolutions, as the small models of MNIST write-ups are."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from dawnbench.models.layer_parser import Layer, read_layer


class FlattenLogits(nn.Flatten):
    """Takes one pixel of a channel a class for logits, and nothing else."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, classes, 1, 1) to (N, classes).

        Raises:
            ValueError: the layers left anything else, which would train as so many classes unnoticed.
        """
        channels, height, width = x.shape[1:]
        if (channels, height, width) != (self.classes, 1, 1):
            raise ValueError(
                f"the layers leave {height}x{width} pixels of {channels} channels, where one pixel of "
                f'{self.classes}, one a class, is needed: end with "conv classes {height}x{width}", or with '
                '"average pool" and "conv classes 1x1"'
            )
        return super().forward(x)


def conv_stack(channels: int, classes: int, layers: Sequence[str], bias: bool) -> nn.Module:
    """Return the layers, which `read_layer` understands, one behind the other.

    Input: normalised images (N, channels, H, W). Output: logits (N, classes), where the last layers leave one
    pixel of `classes` channels. `bias` says whether convolutions have one.
    """
    stack: list[nn.Module] = []
    for layer in map(read_layer, layers):
        shape = (layer.kernel, layer.stride, layer.padding)
        if layer.kind == "conv":
            width = layer.width or classes
            stack.append(nn.Conv2d(channels, width, *shape, bias=bias))
            channels = width
        elif layer.kind == "depthwise":
            stack.append(nn.Conv2d(channels, channels, *shape, groups=channels, bias=bias))
        else:
            stack.append(_simple(layer, channels))
    return nn.Sequential(*stack, FlattenLogits(classes))


def _simple(layer: Layer, channels: int) -> nn.Module:
    """Return a layer that leaves the number of channels as it is."""
    match layer.kind:
        case "norm":
            return nn.BatchNorm2d(channels)
        case "dropout":
            return nn.Dropout(layer.rate)
        case "max pool":
            return nn.MaxPool2d(2)
        case "average pool":
            return nn.AdaptiveAvgPool2d(1)
        case "silu":
            return nn.SiLU()
        case _:
            return nn.ReLU()
