"""Runs as a whole: recipes, a device and run folders brought together, trial by trial."""

from dawnbench.campaigns.ab import ab
from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.runner import run

__all__ = ["Observer", "SilentObserver", "ab", "run"]
