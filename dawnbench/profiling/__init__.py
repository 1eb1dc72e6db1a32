"""Measures the machine's peak rates and how a recipe's training step uses them."""

from dawnbench.profiling.peaks import measure_peaks
from dawnbench.profiling.profile import profile_recipe

__all__ = ["measure_peaks", "profile_recipe"]
