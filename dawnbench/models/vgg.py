"""VGG with batch norm (arXiv:1409.1556): torchvision's for large images, and the one-layer head for small."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from dawnbench.models.resize import resize


class FanOutConv2d(nn.Conv2d):
    """A convolution with the normal initialization of He et al. (2015) by outputs, and biases of 0."""

    def reset_parameters(self) -> None:
        """Reinitialize the filters and the bias."""
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class SmallLinear(nn.Linear):
    """A linear layer with weights of standard deviation 0.01 and biases of 0."""

    def reset_parameters(self) -> None:
        """Reinitialize the weights and the bias."""
        nn.init.normal_(self.weight, std=0.01)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class ScaledBatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose scales start at `initial_scale` instead of 1."""

    def __init__(self, channels: int, initial_scale: float) -> None:
        self.initial_scale = initial_scale
        super().__init__(channels)

    def reset_parameters(self) -> None:
        """Reset the scales, the shifts and the running statistics."""
        super().reset_parameters()
        nn.init.constant_(self.weight, self.initial_scale)


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


def vgg16(channels: int, classes: int) -> nn.Module:
    """Return torchvision's VGG-16 with batch norm, without pretrained weights, for images up from 32x32.

    Input: normalized images (N, channels, H, W). Output: logits (N, classes).
    """
    from torchvision.models import vgg

    # Its own initialization would take seconds on the CPU, only for the trial's reset to repeat it.
    model: nn.Module = vgg.vgg16_bn(num_classes=classes, init_weights=False)
    if channels != 3:
        resize(model, (("features.0", channels, 64),))
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.__class__ = FanOutConv2d
        elif isinstance(layer, nn.Linear):
            layer.__class__ = SmallLinear
    return model
