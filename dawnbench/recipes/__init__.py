"""Recipes as data: one file per system. Importing this package does not import torch.

It exports what the modules below list in `__all__`.
"""

from dawnbench.recipes.catalogue import *
from dawnbench.recipes.part import *
from dawnbench.recipes.parts import *
from dawnbench.recipes.recipe import *
