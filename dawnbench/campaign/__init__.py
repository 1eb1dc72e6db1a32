"""A run as a whole: a recipe, a device and a run folder brought together, trial by trial."""

from dawnbench.campaign.observer import Observer, SilentObserver
from dawnbench.campaign.runner import run

__all__ = ["Observer", "SilentObserver", "run"]
