"""The parts that the library brings; what the `__all__` of a file here names is exported."""

from dawnbench.recipes.parts.augmentations import *
from dawnbench.recipes.parts.averages import *
from dawnbench.recipes.parts.losses import *
from dawnbench.recipes.parts.models import *
from dawnbench.recipes.parts.optimizers import *
from dawnbench.recipes.parts.schedules import *
