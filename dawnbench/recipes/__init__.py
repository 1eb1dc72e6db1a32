"""What is trained: one file a system, as data. Importing this room does not import torch."""

from dawnbench.recipes.catalogue import find_recipe, list_recipes
from dawnbench.recipes.parts import (
    AlternatingFlipSpec,
    ColorJitterSpec,
    CropSpec,
    CutoutSpec,
    DavidNetSpec,
    ExponentialAverageSpec,
    FlipSpec,
    LookaheadSpec,
    MuonSpec,
    NesterovSGDSpec,
    PiecewiseLinearSpec,
    SpeedNetSpec,
)
from dawnbench.recipes.recipe import DatasetSpec, EvaluationSpec, Recipe
from dawnbench.recipes.registry import (
    AugmentationPart,
    AveragePart,
    ModelPart,
    OptimizerPart,
    SchedulePart,
    register,
)

__all__ = [
    "AlternatingFlipSpec",
    "AugmentationPart",
    "AveragePart",
    "ColorJitterSpec",
    "CropSpec",
    "CutoutSpec",
    "DatasetSpec",
    "DavidNetSpec",
    "EvaluationSpec",
    "ExponentialAverageSpec",
    "FlipSpec",
    "LookaheadSpec",
    "ModelPart",
    "MuonSpec",
    "NesterovSGDSpec",
    "OptimizerPart",
    "PiecewiseLinearSpec",
    "Recipe",
    "SchedulePart",
    "SpeedNetSpec",
    "find_recipe",
    "list_recipes",
    "register",
]
