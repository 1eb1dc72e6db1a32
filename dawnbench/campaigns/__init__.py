"""Whole runs: train recipes on a device trial by trial and record them in run folders."""

from dawnbench.campaigns.ab import ab
from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.resume import resume
from dawnbench.campaigns.runner import run

__all__ = ["Observer", "SilentObserver", "ab", "resume", "run"]
