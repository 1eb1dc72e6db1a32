"""Whole runs: train recipes on a device trial by trial and record them in run folders."""

from dawnbench.campaigns.ab import ab
from dawnbench.campaigns.infer import infer, infer_ab
from dawnbench.campaigns.inference_session import ModelToTime
from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.runner import run

__all__ = ["ModelToTime", "Observer", "SilentObserver", "ab", "infer", "infer_ab", "run"]
