"""Who is told what happens during a run."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord


class Observer(Protocol):
    """Hears of a run's events as they happen."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Hear how far a download or decoding has come; `total` is 0 where nobody knows it."""

    def preparing(self, what: str, slow: bool = False) -> None:
        """Hear what is done next before the first trial; with `slow`, many seconds may pass until it is."""

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Hear that the run folder is there; a trial will take `steps` steps. Warm-up comes next."""

    def noted(self, sentence: str) -> None:
        """Hear what was asked for and could not be done."""

    def trial_started(self, trial: int, seed: int) -> None:
        """Hear that a trial begins."""

    def step(self, steps: int) -> None:
        """Hear that `steps` steps of the trial were given to the device."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """Hear that an epoch was recorded."""

    def trial_ended(self, record: TrialRecord) -> None:
        """Hear that a trial was recorded, whatever its status."""


class SilentObserver:
    """Does nothing about any of it."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Ignore it."""

    def preparing(self, what: str, slow: bool = False) -> None:
        """Ignore it."""

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Ignore it."""

    def noted(self, sentence: str) -> None:
        """Ignore it."""

    def trial_started(self, trial: int, seed: int) -> None:
        """Ignore it."""

    def step(self, steps: int) -> None:
        """Ignore it."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """Ignore it."""

    def trial_ended(self, record: TrialRecord) -> None:
        """Ignore it."""
