"""The interface through which a run reports its events."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from dawnbench.records.schema import EpochRecord, RunRecord, StoppingRecord, TrialRecord


class Observer(Protocol):
    """Receives a run's events as they happen."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Report the progress of a download or of decoding; `total` is 0 if unknown."""

    def preparing(self, what: str, slow: bool = False) -> None:
        """Report the next step of preparation; `slow` means that it may take many seconds."""

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Report that the run folder exists and that a trial takes `steps` steps. Warm-up comes next."""

    def noted(self, sentence: str) -> None:
        """Report something that was requested but could not be done."""

    def trial_started(self, trial: int, seed: int) -> None:
        """Report the start of a trial."""

    def step(self, steps: int) -> None:
        """Report that `steps` steps of the trial have been submitted to the device."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """Report that an epoch was recorded."""

    def trial_ended(self, record: TrialRecord) -> None:
        """Report that a trial was recorded, whatever its status."""

    def looked(self, stopping: StoppingRecord) -> None:
        """Report what `--trials auto` saw after a trial or pair; `ended` says whether it was the last."""


class SilentObserver:
    """Ignores all events."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Do nothing."""

    def preparing(self, what: str, slow: bool = False) -> None:
        """Do nothing."""

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Do nothing."""

    def noted(self, sentence: str) -> None:
        """Do nothing."""

    def trial_started(self, trial: int, seed: int) -> None:
        """Do nothing."""

    def step(self, steps: int) -> None:
        """Do nothing."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """Do nothing."""

    def trial_ended(self, record: TrialRecord) -> None:
        """Do nothing."""

    def looked(self, stopping: StoppingRecord) -> None:
        """Do nothing."""
