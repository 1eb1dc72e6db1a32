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
from dawnbench.recipes.registry import register

__all__ = [
    "CropSpec",
    "CutoutSpec",
    "DatasetSpec",
    "DavidNetSpec",
    "EvaluationSpec",
    "ExponentialAverageSpec",
    "FlipSpec",
    "NesterovSGDSpec",
    "PiecewiseLinearSpec",
    "Recipe",
    "find_recipe",
    "list_recipes",
    "register",
]
