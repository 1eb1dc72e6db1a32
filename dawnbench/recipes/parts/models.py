"""The networks that the library brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dawnbench.models.layer_words import read_layer
from dawnbench.recipes.registry import ADDED_LATER, ModelPart, register
from dawnbench.recipes.values import require


@dataclass(frozen=True)
class DavidNetSpec(ModelPart):
    """The nine-layer residual network, for 32x32 images."""

    widths: tuple[int, int, int, int] = (64, 128, 256, 512)
    conv_bias: bool = False
    head_bias: bool = False
    logit_scale: float = 0.125
    celu_alpha: float = 0.0
    """0 is ReLU."""
    pool_first: bool = False
    """Whether pools stand before the batch norm instead of behind the activation."""
    norm_splits: int = 1
    """Equal parts of the batch, each normalised by itself (ghost batch norm)."""
    norm_scale: bool = True
    """Whether the batch norm's factor is learnt; otherwise it stays 1."""
    whitening: bool = False
    """Whether fixed 3x3 patch whitening and a 1x1 convolution replace the first convolution."""
    residual: Literal["plain", "doubled"] = field(default="plain", metadata=ADDED_LATER)
    """doubled adds a residual block's input twice, and has no activation between the block's convolutions."""
    xavier: bool = field(default=False, metadata=ADDED_LATER)
    """Whether the convolutions' filters begin uniform by Xavier's rule, and their biases at 0."""

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        require(min(self.widths) >= 1, f"model.widths={list(self.widths)} must each be at least 1")
        require(self.norm_splits >= 1, f"model.norm_splits={self.norm_splits} must be at least 1")
        require(self.celu_alpha >= 0, f"model.celu_alpha={self.celu_alpha} must not be negative")


@dataclass(frozen=True)
class SpeedNetSpec(ModelPart):
    """The six-convolution network of the CIFAR-10 speed records, for images of 16x16 on."""

    widths: tuple[int, int, int] = (64, 256, 256)
    activation: Literal["gelu", "silu"] = "gelu"
    """Of the groups; behind the whitening it is gelu."""
    norm_momentum: float = 0.4
    """The share of a batch's statistics that enters the running ones."""
    whitening_images: int = 5_000
    """From which the first layer is computed."""
    whitening_epsilon: float = 5e-4
    """Added to the variances of the patches' components."""
    pool_first: tuple[bool, bool, bool] = (False, False, False)
    """By group, whether the pool stands before the first convolution instead of behind it."""
    fused: bool = field(default=False, metadata=ADDED_LATER)
    """Whether pool, norm and activation run as one layer of kernels on CUDA; to be decided by
    `dawnbench ab speedrun --set model.fused=false --set model.fused=true`."""

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        require(min(self.widths) >= 1, f"model.widths={list(self.widths)} must each be at least 1")
        momentum, epsilon, images = self.norm_momentum, self.whitening_epsilon, self.whitening_images
        require(0 < momentum <= 1, f"model.norm_momentum={momentum} must be above 0 and at most 1")
        require(epsilon > 0, f"model.whitening_epsilon={epsilon} must be above 0")
        require(images >= 1, f"model.whitening_images={images} must be at least 1")


@dataclass(frozen=True)
class ResNet18Spec(ModelPart):
    """ResNet-18 with a 3x3 stem, for small images."""


@dataclass(frozen=True)
class ConvStackSpec(ModelPart):
    """A plain stack of convolutions, layer by layer in words, such as "conv 16", "relu", "max pool"."""

    layers: tuple[str, ...]
    bias: bool = True
    """Whether convolutions have one."""

    def __post_init__(self) -> None:
        """Refuse words that name no layer."""
        for words in self.layers:
            read_layer(words)


register("davidnet", DavidNetSpec, "dawnbench.models.davidnet:DavidNet")
register("speednet", SpeedNetSpec, "dawnbench.models.speednet:SpeedNet")
register("resnet18", ResNet18Spec, "dawnbench.models.resnet:resnet18")
register("conv_stack", ConvStackSpec, "dawnbench.models.conv_stack:conv_stack")
