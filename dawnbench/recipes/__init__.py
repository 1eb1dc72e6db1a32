"""What is trained: one file a system, as data. Importing this room does not import torch."""

from dawnbench.recipes.catalogue import find_recipe, list_recipes
from dawnbench.recipes.parts import (
    CropSpec,
    CutoutSpec,
    DavidNetSpec,
    ExponentialAverageSpec,
    FlipSpec,
    NesterovSGDSpec,
    PiecewiseLinearSpec,
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
    "AugmentationPart",
    "AveragePart",
    "CropSpec",
    "CutoutSpec",
    "DatasetSpec",
    "DavidNetSpec",
    "EvaluationSpec",
    "ExponentialAverageSpec",
    "FlipSpec",
    "ModelPart",
    "NesterovSGDSpec",
    "OptimizerPart",
    "PiecewiseLinearSpec",
    "Recipe",
    "SchedulePart",
    "find_recipe",
    "list_recipes",
    "register",
]
