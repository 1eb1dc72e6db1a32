"""The residual network of 18 layers (He et al. 2015, arXiv:1512.03385), for small images."""

from __future__ import annotations

from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet


def resnet18(channels: int, classes: int) -> nn.Module:
    """Return torchvision's ResNet-18 with a 3x3 stem of stride 1 and no max pool, as usual on 32x32 images.

    Input: normalized images (N, channels, H, W). Output: logits (N, classes).
    """
    model: nn.Module = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=classes)
    model.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model
