"""Networks for 32x32 images on which pruning is compared: VGG with a linear head, and ResNet-56."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.models.initialized import FanOutConv2d, ScaledBatchNorm2d, SmallLinear


class VGG(nn.Module):
    """Stages of 3x3 convolutions with batch norm and ReLU, a max pool between two stages, a linear head.

    Input: normalized images (N, channels, H, W), at least 2^(stages - 1) high and wide. Output: logits
    (N, classes).
    """

    def __init__(
        self, channels: int, classes: int, stages: Sequence[Sequence[int]], initial_scale: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, stage in enumerate(stages):
            layers += [nn.MaxPool2d(2)] if number else []
            for width in stage:
                norm = ScaledBatchNorm2d(width, initial_scale)
                layers += [FanOutConv2d(channels, width, 3, padding=1, bias=False), norm, nn.ReLU(True)]
                channels = width
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = SmallLinear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.classifier(self.pool(self.features(x)).flatten(1))  # type: ignore[no-any-return]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm and a shortcut, which a 1x1 convolution adapts if it has to."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = FanOutConv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = FanOutConv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = (
            nn.Sequential(FanOutConv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            if stride > 1 or inputs != outputs
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


class CifarResNet(nn.Module):
    """Three stages of `blocks` basic blocks each (He et al. 2015, section 4.2): 6 x blocks + 2 layers.

    Shortcuts between stages are 1x1 convolutions, as in the networks that pruning papers start from, where
    the original pads with zeros. Input: normalized images (N, channels, H, W). Output: logits (N, classes).
    """

    def __init__(self, channels: int, classes: int, widths: tuple[int, int, int], blocks: int) -> None:
        super().__init__()
        first, second, third = widths
        self.conv1 = FanOutConv2d(channels, first, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.layer1 = _stage(first, first, 1, blocks)
        self.layer2 = _stage(first, second, 2, blocks)
        self.layer3 = _stage(second, third, 2, blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(third, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(self.pool(x).flatten(1))  # type: ignore[no-any-return]


def _stage(inputs: int, outputs: int, stride: int, blocks: int) -> nn.Sequential:
    rest = (BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1))
    return nn.Sequential(BasicBlock(inputs, outputs, stride), *rest)
