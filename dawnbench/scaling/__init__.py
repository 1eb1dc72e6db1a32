"""Scaling studies: one recipe at several batch sizes, widths and threads, each in a process of its own."""

from dawnbench.scaling.settings import along_axes, recipe_settings
from dawnbench.scaling.study import measure

__all__ = ["along_axes", "measure", "recipe_settings"]
