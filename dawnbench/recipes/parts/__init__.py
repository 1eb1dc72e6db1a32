"""The built-in parts; each module's `__all__` is exported."""

from dawnbench.recipes.parts.augmentations import *
from dawnbench.recipes.parts.averages import *
from dawnbench.recipes.parts.losses import *
from dawnbench.recipes.parts.models import *
from dawnbench.recipes.parts.optimizers import *
from dawnbench.recipes.parts.penalties import *
from dawnbench.recipes.parts.schedules import *
from dawnbench.recipes.parts.weights import *
