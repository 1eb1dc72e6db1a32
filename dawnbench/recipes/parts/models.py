"""The built-in networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dawnbench.models.layer_parser import read_layer
from dawnbench.recipes.constraints import (
    FractionAboveZero,
    NonNegative,
    Positive,
    PositiveInt,
    require,
    text,
)
from dawnbench.recipes.part import ADDED_LATER, ModelPart

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "ConvStackSpec",
    "DavidNetSpec",
    "MobileNetV2Spec",
    "ResNet18Spec",
    "ResNet50Spec",
    "ResNet56Spec",
    "SlimmedSpec",
    "SpeedNetSpec",
    "VGG16Spec",
    "VGG19Spec",
]


@dataclass(frozen=True)
class DavidNetSpec(ModelPart, kind="davidnet"):
    """The nine-layer residual network, for 32x32 images."""

    widths: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (64, 128, 256, 512)
    conv_bias: bool = False
    head_bias: bool = False
    logit_scale: float = 0.125
    celu_alpha: NonNegative = 0.0
    """0 is ReLU."""
    pool_first: bool = False
    """Whether pools come before the batch norm instead of after the activation."""
    norm_splits: PositiveInt = 1
    """Number of equal parts of the batch, each normalized separately (ghost batch norm)."""
    norm_scale: bool = True
    """Whether the batch norm's scale is learned; otherwise it stays 1."""
    whitening: bool = False
    """Whether fixed 3x3 patch whitening and a 1x1 convolution replace the first convolution."""
    residual: Literal["plain", "doubled"] = field(default="plain", metadata=ADDED_LATER)
    """doubled adds a residual block's input twice, and has no activation between the block's convolutions."""
    xavier: bool = field(default=False, metadata=ADDED_LATER)
    """Whether convolution filters use Xavier uniform initialization, with biases of 0."""

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.davidnet import DavidNet

        return DavidNet(channels=channels, classes=classes, **self.settings())


@dataclass(frozen=True)
class SpeedNetSpec(ModelPart, kind="speednet"):
    """The six-convolution network of the CIFAR-10 speed records, for images of 16x16 or larger."""

    widths: tuple[PositiveInt, PositiveInt, PositiveInt] = (64, 256, 256)
    activation: Literal["gelu", "silu", "relu"] = "gelu"
    """The groups' activation; after the whitening it is always gelu."""
    norm_momentum: FractionAboveZero = 0.4
    """The weight of a batch's statistics in the running statistics."""
    whitening_images: PositiveInt = 5_000
    """Number of images from which the first layer is computed."""
    whitening_epsilon: Positive = 5e-4
    """Added to the variances of the patch components."""
    pool_first: tuple[bool, bool, bool] = (False, False, False)
    """Per group, whether the pool comes before the first convolution instead of after it."""
    fused: bool = field(default=True, metadata=ADDED_LATER)
    """Whether pool, norm and activation run as one fused layer on CUDA, as does the whitening."""

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.speednet import SpeedNet

        return SpeedNet(channels=channels, classes=classes, **self.settings())


@dataclass(frozen=True)
class ResNet18Spec(ModelPart, kind="resnet18"):
    """ResNet-18 with a 3x3 stem, for small images."""

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.davidnet import resnet18

        return resnet18(channels=channels, classes=classes)


@dataclass(frozen=True)
class ConvStackSpec(ModelPart, kind="conv_stack"):
    """A plain stack of layers, each described in words such as "conv 16", "relu", "max pool"."""

    layers: tuple[str, ...]
    bias: bool = True
    """Whether convolutions have a bias."""

    def __post_init__(self) -> None:
        """Validate the layer descriptions."""
        super().__post_init__()
        for words in self.layers:
            read_layer(words)

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.conv_stack import conv_stack

        return conv_stack(channels=channels, classes=classes, layers=self.layers, bias=self.bias)


@dataclass(frozen=True)
class VGG16Spec(ModelPart, kind="vgg16_bn"):
    """torchvision's VGG-16 with batch norm and three linear layers, for images of 32x32 or larger."""

    torchvision_weights = "VGG16_BN_Weights.IMAGENET1K_V1"

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.large import vgg16

        return vgg16(channels, classes)


@dataclass(frozen=True)
class ResNet50Spec(ModelPart, kind="resnet50"):
    """torchvision's ResNet-50, for images of 32x32 or larger."""

    torchvision_weights = "ResNet50_Weights.IMAGENET1K_V1"

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.large import resnet50

        return resnet50(channels, classes)


@dataclass(frozen=True)
class MobileNetV2Spec(ModelPart, kind="mobilenet_v2"):
    """torchvision's MobileNetV2, for images of 32x32 or larger."""

    torchvision_weights = "MobileNet_V2_Weights.IMAGENET1K_V1"

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.large import mobilenet_v2

        return mobilenet_v2(channels, classes)


@dataclass(frozen=True)
class ResNet56Spec(ModelPart, kind="resnet56"):
    """The residual network of basic blocks for 32x32 images (arXiv:1512.03385, section 4.2)."""

    widths: tuple[PositiveInt, PositiveInt, PositiveInt] = (16, 32, 64)
    blocks: PositiveInt = 9
    """Blocks in each of the three stages; 9 make 56 layers."""

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.small import CifarResNet

        return CifarResNet(channels, classes, self.widths, self.blocks)


@dataclass(frozen=True)
class VGG19Spec(ModelPart, kind="vgg19_bn"):
    """VGG-19 with batch norm and one linear layer, as in network slimming (arXiv:1708.06519), for 32x32."""

    stages: tuple[tuple[PositiveInt, ...], ...] = (
        (64, 64),
        (128, 128),
        (256, 256, 256, 256),
        (512, 512, 512, 512),
        (512, 512, 512, 512),
    )
    """The widths of the convolutions; a max pool lies between two stages."""
    initial_scale: Positive = 0.5
    """The initial value of the batch norms' scales."""

    def __post_init__(self) -> None:
        """Validate that there is a stage, and a convolution in each."""
        super().__post_init__()
        require(
            bool(self.stages) and all(self.stages),
            f"model.stages={text(self.stages)} must have at least one stage, and at least one width in each",
        )

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.small import VGG

        return VGG(channels, classes, self.stages, self.initial_scale)


@dataclass(frozen=True)
class SlimmedSpec(ModelPart, kind="slimmed"):
    """A network with narrower layers, as network slimming cuts it."""

    model: ModelPart
    """The dense network."""
    widths: tuple[tuple[str, PositiveInt, PositiveInt], ...]
    """(module name, inputs, outputs) of each convolution, linear layer and batch norm whose channel counts
    differ from the dense network's."""

    @classmethod
    def of(cls, model: ModelPart, widths: tuple[tuple[str, int, int], ...]) -> SlimmedSpec:
        """Return the part for `model` with `widths`; a network that was cut before is not nested again."""
        if not isinstance(model, SlimmedSpec):
            return cls(model, widths)
        known = {name: (inputs, outputs) for name, inputs, outputs in (*model.widths, *widths)}
        return cls(model.model, tuple((name, *counts) for name, counts in known.items()))

    def build(self, channels: int, classes: int) -> nn.Module:
        """Return the network."""
        from dawnbench.models.resize import resize

        network = self.model.build(channels, classes)
        resize(network, self.widths)
        return network
