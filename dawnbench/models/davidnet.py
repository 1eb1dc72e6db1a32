"""Residual networks: the nine layers of David Page's DAWNBench entry, and ResNet-18 (arXiv:1512.03385)."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.models.normalization import batch_norm
from dawnbench.models.whitening import FittedModel, PatchWhitening


class XavierConv2d(nn.Conv2d):
    """A convolution with the uniform initialization of Glorot and Bengio (2010) and biases of 0."""

    def reset_parameters(self) -> None:
        """Reinitialize the filters and the bias."""
        nn.init.xavier_uniform_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class ConvBlock(nn.Module):
    """3x3 convolution, batch norm, activation, and a 2x2 max pool after them or before the norm."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        norm: nn.Module,
        activation: nn.Module,
        pool: bool,
        pool_first: bool,
        bias: bool,
        kernel: int = 3,
        conv: type[nn.Conv2d] = nn.Conv2d,
    ) -> None:
        super().__init__()
        self.conv = conv(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
        self.norm = norm
        self.activation = activation
        self.pool = nn.MaxPool2d(2) if pool else None
        self.pool_first = pool_first

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H, W), or half the height and width with the pool."""
        x = self.conv(x)
        if self.pool is not None and self.pool_first:
            return self.activation(self.norm(self.pool(x)))  # type: ignore[no-any-return]
        x = self.activation(self.norm(x))
        return x if self.pool is None else self.pool(x)


class Residual(nn.Module):
    """A shortcut around two convolution blocks."""

    def __init__(self, first: ConvBlock, second: ConvBlock) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the output of the two blocks; (N, C, H, W) in and out."""
        return x + self.second(self.first(x))  # type: ignore[no-any-return]


class DoubledResidual(nn.Module):
    """Two convolution blocks whose input is added once before an activation and once after it."""

    def __init__(self, first: ConvBlock, second: ConvBlock) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        """Return x + relu(x + output of the two blocks); (N, C, H, W) in and out."""
        return x + F.relu(x + self.second(self.first(x)))


class DavidNet(FittedModel):
    """prep, layer 1 and 3 with residuals, layer 2 without, global max pool, linear head.

    Input: normalized images (N, channels, 32, 32). Output: logits (N, classes).
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        widths: tuple[int, int, int, int] = (64, 128, 256, 512),
        conv_bias: bool = False,
        head_bias: bool = False,
        logit_scale: float = 0.125,
        celu_alpha: float = 0.0,
        pool_first: bool = False,
        norm_splits: int = 1,
        norm_scale: bool = True,
        whitening: bool = False,
        residual: Literal["plain", "doubled"] = "plain",
        xavier: bool = False,
    ) -> None:
        super().__init__()
        prep, one, two, three = widths
        conv = XavierConv2d if xavier else nn.Conv2d

        def block(
            inputs: int, outputs: int, pool: bool = False, kernel: int = 3, linear: bool = False
        ) -> ConvBlock:
            activation = nn.CELU(celu_alpha) if celu_alpha else nn.ReLU()
            norm = batch_norm(outputs, norm_splits, norm_scale)
            final = nn.Identity() if linear else activation
            return ConvBlock(inputs, outputs, norm, final, pool, pool_first, conv_bias, kernel, conv)

        def residual_block(width: int) -> nn.Module:
            doubled = residual == "doubled"
            blocks = block(width, width, linear=doubled), block(width, width, linear=doubled)
            return DoubledResidual(*blocks) if doubled else Residual(*blocks)

        self.whiten = PatchWhitening(channels) if whitening else None
        self.prep = block(9 * channels, prep, kernel=1) if whitening else block(channels, prep)
        self.layer1 = nn.Sequential(block(prep, one, pool=True), residual_block(one))
        self.layer2 = block(one, two, pool=True)
        self.layer3 = nn.Sequential(block(two, three, pool=True), residual_block(three))
        self.head = nn.Linear(three, classes, bias=head_bias)
        self.logit_scale = logit_scale

    @property
    def fit_images(self) -> int:
        """Number of training images that `fit` needs."""
        return 0 if self.whiten is None else self.whiten.images

    def fit(self, images: Tensor) -> None:
        """Compute the fixed parts from normalized training images (N, channels, 32, 32)."""
        if self.whiten is not None:
            self.whiten.fit(images)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        if self.whiten is not None:
            x = self.whiten(x)
        x = self.layer3(self.layer2(self.layer1(self.prep(x))))
        return self.head(F.max_pool2d(x, 4).flatten(1)) * self.logit_scale  # type: ignore[no-any-return]


def resnet18(channels: int, classes: int) -> nn.Module:
    """Return torchvision's ResNet-18 with a 3x3 stem of stride 1 and no max pool, as usual on 32x32 images.

    Input: normalized images (N, channels, H, W). Output: logits (N, classes).
    """
    from torchvision.models.resnet import BasicBlock, ResNet  # takes a second to import

    model: nn.Module = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=classes)
    model.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model
