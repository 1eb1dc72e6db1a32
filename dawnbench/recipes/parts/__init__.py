"""The settings of the parts that the library brings, and where each is implemented."""

from dawnbench.recipes.parts.augmentations import (
    AffineSpec,
    AlternatingFlipSpec,
    BrightnessContrastSpec,
    ColorJitterSpec,
    CropSpec,
    CutoutSpec,
    FlipSpec,
    RotationSpec,
)
from dawnbench.recipes.parts.averages import ExponentialAverageSpec, LookaheadSpec
from dawnbench.recipes.parts.models import ConvStackSpec, DavidNetSpec, ResNet18Spec, SpeedNetSpec
from dawnbench.recipes.parts.optimizers import AdamSpec, MuonSpec, NesterovSGDSpec
from dawnbench.recipes.parts.schedules import PiecewiseLinearSpec, PlateauSpec, StepsSpec

__all__ = [
    "AdamSpec",
    "AffineSpec",
    "AlternatingFlipSpec",
    "BrightnessContrastSpec",
    "ColorJitterSpec",
    "ConvStackSpec",
    "CropSpec",
    "CutoutSpec",
    "DavidNetSpec",
    "ExponentialAverageSpec",
    "FlipSpec",
    "LookaheadSpec",
    "MuonSpec",
    "NesterovSGDSpec",
    "PiecewiseLinearSpec",
    "PlateauSpec",
    "ResNet18Spec",
    "RotationSpec",
    "SpeedNetSpec",
    "StepsSpec",
]
