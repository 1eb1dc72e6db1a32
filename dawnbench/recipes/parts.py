"""The settings of the parts that the library brings, and where each is implemented."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.registry import Part, register


@dataclass(frozen=True)
class DavidNetSpec(Part):
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


@dataclass(frozen=True)
class PiecewiseLinearSpec(Part):
    """Learning rate in straight lines between knots; stretched where `epochs` is not the last knot's."""

    epochs: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse knots that are no function of time."""
        if len(self.epochs) != len(self.rates) or not self.epochs:
            raise DawnbenchError(
                f"the schedule has {len(self.epochs)} epochs and {len(self.rates)} rates; give one for one"
            )
        if any(later <= earlier for earlier, later in pairwise(self.epochs)):
            raise DawnbenchError(f"the schedule's epochs {list(self.epochs)} do not increase")


@dataclass(frozen=True)
class NesterovSGDSpec(Part):
    """SGD on the summed loss: the schedule's rate is divided, the decay multiplied by the batch size."""

    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4
    bias_rate_scale: float = 1.0
    """Biases learn this much faster, with as much less decay."""


@dataclass(frozen=True)
class CropSpec(Part):
    """Random shifts, reflecting at the border."""

    padding: int


@dataclass(frozen=True)
class FlipSpec(Part):
    """Left and right swapped at random."""


@dataclass(frozen=True)
class CutoutSpec(Part):
    """A random square set to the mean."""

    size: int


@dataclass(frozen=True)
class ExponentialAverageSpec(Part):
    """An exponential moving average of the weights, which is what is evaluated."""

    momentum: float = 0.99
    """Kept a step."""
    every: int = 5
    """Steps between updates."""


register("davidnet", DavidNetSpec, "dawnbench.models.davidnet:DavidNet")
register("piecewise_linear", PiecewiseLinearSpec, "dawnbench.optim.schedules:PiecewiseLinear")
register("nesterov_sgd", NesterovSGDSpec, "dawnbench.optim.sgd:nesterov_sgd")
register("crop", CropSpec, "dawnbench.data.augmentation:RandomCrop")
register("flip", FlipSpec, "dawnbench.data.augmentation:RandomFlip")
register("cutout", CutoutSpec, "dawnbench.data.augmentation:Cutout")
register("exponential", ExponentialAverageSpec, "dawnbench.optim.averaging:ExponentialAverage")
