"""What the machine can do, and what a recipe's training step does with it."""

from dawnbench.profiling.peaks import measure_peaks
from dawnbench.profiling.profile import profile_recipe

__all__ = ["measure_peaks", "profile_recipe"]
