"""Who is told what happens during a run."""

from __future__ import annotations

from pathlib import Path

from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord


class Observer:
    """Hears of a run's events and does nothing; a display overrides what it shows."""

    def note(self, sentence: str) -> None:
        """Something takes a while, such as a download."""

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """The run folder is there; a trial will take `steps` steps. Warm-up comes next."""

    def trial_started(self, trial: int, seed: int) -> None:
        """A trial begins."""

    def step(self, steps: int) -> None:
        """`steps` steps of the trial were given to the device."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """An epoch was recorded."""

    def trial_ended(self, record: TrialRecord) -> None:
        """A trial was recorded, whatever its status."""
