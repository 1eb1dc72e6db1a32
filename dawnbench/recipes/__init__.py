"""What is trained: one file a system, as data. Importing this room does not import torch.

What the `__all__` of a file below names is exported.
"""

from dawnbench.recipes.catalogue import *
from dawnbench.recipes.part import *
from dawnbench.recipes.parts import *
from dawnbench.recipes.recipe import *
