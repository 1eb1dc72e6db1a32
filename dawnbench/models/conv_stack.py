"""A plain stack of convolutions, like the small models of the MNIST series."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from dawnbench.models.layer_parser import Layer, read_layer


class FlattenLogits(nn.Flatten):
    """Flattens one pixel with one channel per class to logits, and rejects anything else."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, classes, 1, 1) to (N, classes).

        Raises:
            ValueError: the input has another shape, which would silently train with a wrong number of
            classes.
        """
        channels, height, width = x.shape[1:]
        if (channels, height, width) != (self.classes, 1, 1):
            raise ValueError(
                f"the layers output {height}x{width} pixels of {channels} channels, but one pixel of "
                f"{self.classes} channels, one per class, is needed: end with "
                f'"conv classes {height}x{width}", or with '
                '"average pool" and "conv classes 1x1"'
            )
        return super().forward(x)


def conv_stack(channels: int, classes: int, layers: Sequence[str], bias: bool) -> nn.Module:
    """Return a sequence of the layers, in the words that `read_layer` understands.

    Input: normalized images (N, channels, H, W). Output: logits (N, classes), if the last layer outputs one
    pixel of `classes` channels. `bias` says whether convolutions have a bias.
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
    """Return a layer that does not change the number of channels."""
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
