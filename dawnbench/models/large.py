"""torchvision's networks for large images, without pretrained weights.

torchvision draws their weights in the constructor, after each layer has drawn its own. A trial resets a
network layer by layer, so the layers get a `reset_parameters` that draws what the constructor does.
"""

from __future__ import annotations

from torch import nn

from dawnbench.models.initialized import FanOutConv2d, SmallLinear
from dawnbench.models.resize import resize


def vgg16(channels: int, classes: int) -> nn.Module:
    """Return VGG-16 with batch norm (arXiv:1409.1556), for images of 32x32 or larger.

    Input: normalized images (N, channels, H, W). Output: logits (N, classes).
    """
    from torchvision.models import vgg16_bn  # takes a second to import

    # Its own initialization would take seconds on the CPU, only for the trial's reset to repeat it.
    return _adapted(
        vgg16_bn(num_classes=classes, init_weights=False), "features.0", channels, small_head=True
    )


def resnet50(channels: int, classes: int) -> nn.Module:
    """Return ResNet-50 (arXiv:1512.03385), for images of 32x32 or larger.

    Input: normalized images (N, channels, H, W). Output: logits (N, classes).
    """
    from torchvision.models import resnet50

    return _adapted(resnet50(num_classes=classes), "conv1", channels, small_head=False)


def mobilenet_v2(channels: int, classes: int) -> nn.Module:
    """Return MobileNetV2 (arXiv:1801.04381), for images of 32x32 or larger.

    Input: normalized images (N, channels, H, W). Output: logits (N, classes).
    """
    from torchvision.models import mobilenet_v2

    return _adapted(mobilenet_v2(num_classes=classes), "features.0.0", channels, small_head=True)


def _adapted(model: nn.Module, first: str, channels: int, small_head: bool) -> nn.Module:
    """Give a network its number of image channels, and its layers their `reset_parameters`."""
    conv = model.get_submodule(first)
    assert isinstance(conv, nn.Conv2d)
    if conv.in_channels != channels:
        resize(model, ((first, channels, conv.out_channels),))
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.__class__ = FanOutConv2d
        elif isinstance(layer, nn.Linear) and small_head:
            layer.__class__ = SmallLinear
    return model
