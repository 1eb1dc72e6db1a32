"""The settings of the parts that the library brings, and where each is implemented."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from dawnbench.recipes.registry import (
    AugmentationPart,
    AveragePart,
    ModelPart,
    OptimizerPart,
    SchedulePart,
    register,
)
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

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        require(min(self.widths) >= 1, f"model.widths={list(self.widths)} must each be at least 1")
        require(self.norm_splits >= 1, f"model.norm_splits={self.norm_splits} must be at least 1")
        require(self.celu_alpha >= 0, f"model.celu_alpha={self.celu_alpha} must not be negative")


@dataclass(frozen=True)
class PiecewiseLinearSpec(SchedulePart):
    """Learning rate in straight lines between knots; stretched where `epochs` is not the last knot's."""

    epochs: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse knots that are no function of time."""
        knots, rates = list(self.epochs), list(self.rates)
        require(
            len(knots) == len(rates) > 0,
            f"the schedule has {len(knots)} epochs and {len(rates)} rates; give one for one",
        )
        increasing = all(later > earlier for earlier, later in pairwise(knots))
        require(increasing and knots[-1] > 0, f"the schedule's epochs {knots} must increase, to more than 0")
        finite = all(math.isfinite(rate) for rate in rates)
        require(finite, f"the schedule's rates {rates} must be finite numbers")


@dataclass(frozen=True)
class NesterovSGDSpec(OptimizerPart):
    """SGD on the summed loss: the schedule's rate is divided, the decay multiplied by the batch size."""

    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4
    bias_rate_scale: float = 1.0
    """Biases learn this much faster, with as much less decay."""

    def __post_init__(self) -> None:
        """Refuse what is no descent."""
        least = "above 0 with nesterov=true" if self.nesterov else "at least 0"
        fits = 0 <= self.momentum < 1 and (self.momentum > 0 or not self.nesterov)
        require(fits, f"optimizer.momentum={self.momentum} must be {least} and below 1")
        decay, scale = self.weight_decay, self.bias_rate_scale
        require(decay >= 0, f"optimizer.weight_decay={decay} must not be negative")
        require(scale > 0, f"optimizer.bias_rate_scale={scale} must be above 0")


@dataclass(frozen=True)
class CropSpec(AugmentationPart):
    """Random shifts, reflecting at the border."""

    padding: int

    def __post_init__(self) -> None:
        """Refuse a shift of less than nothing."""
        require(self.padding >= 0, f"augmentation.crop.padding={self.padding} must not be negative")


@dataclass(frozen=True)
class FlipSpec(AugmentationPart):
    """Left and right swapped at random."""


@dataclass(frozen=True)
class CutoutSpec(AugmentationPart):
    """A random square set to the mean."""

    size: int

    def __post_init__(self) -> None:
        """Refuse no square."""
        require(self.size >= 1, f"augmentation.cutout.size={self.size} must be at least 1")


@dataclass(frozen=True)
class ExponentialAverageSpec(AveragePart):
    """An exponential moving average of the weights, which is what is evaluated."""

    momentum: float = 0.99
    """Kept a step."""
    every: int = 5
    """Steps between updates."""

    def __post_init__(self) -> None:
        """Refuse what is no average."""
        require(0 <= self.momentum < 1, f"average.momentum={self.momentum} must be at least 0 and below 1")
        require(self.every >= 1, f"average.every={self.every} must be at least 1")


register("davidnet", DavidNetSpec, "dawnbench.models.davidnet:DavidNet")
register("piecewise_linear", PiecewiseLinearSpec, "dawnbench.optim.schedules:PiecewiseLinear")
register("nesterov_sgd", NesterovSGDSpec, "dawnbench.optim.sgd:nesterov_sgd")
register("crop", CropSpec, "dawnbench.data.augmentation:RandomCrop")
register("flip", FlipSpec, "dawnbench.data.augmentation:RandomFlip")
register("cutout", CutoutSpec, "dawnbench.data.augmentation:Cutout")
register("exponential", ExponentialAverageSpec, "dawnbench.optim.averaging:ExponentialAverage")
