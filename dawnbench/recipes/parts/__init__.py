"""The settings of the parts that the library brings, and where each is implemented."""

from dawnbench.recipes.parts.augmentations import (
    AlternatingFlipSpec,
    ColorJitterSpec,
    CropSpec,
    CutoutSpec,
    FlipSpec,
)
from dawnbench.recipes.parts.averages import ExponentialAverageSpec, LookaheadSpec
from dawnbench.recipes.parts.models import DavidNetSpec, SpeedNetSpec
from dawnbench.recipes.parts.optimizers import MuonSpec, NesterovSGDSpec
from dawnbench.recipes.parts.schedules import PiecewiseLinearSpec

__all__ = [
    "AlternatingFlipSpec",
    "ColorJitterSpec",
    "CropSpec",
    "CutoutSpec",
    "DavidNetSpec",
    "ExponentialAverageSpec",
    "FlipSpec",
    "LookaheadSpec",
    "MuonSpec",
    "NesterovSGDSpec",
    "PiecewiseLinearSpec",
    "SpeedNetSpec",
]
