"""Runs as a whole: recipes, a device and run folders brought together, trial by trial."""

from dawnbench.campaign.ab import ab
from dawnbench.campaign.observer import Observer, SilentObserver
from dawnbench.campaign.runner import run

__all__ = ["Observer", "SilentObserver", "ab", "run"]
