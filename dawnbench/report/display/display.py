"""What every display has."""

from __future__ import annotations

from pathlib import Path

from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord


class Display:
    """Shows nothing but remembers the run folder, for whoever closes the run."""

    folder: Path | None = None

    def loading(self, what: str, done: int, total: int) -> None:
        """Show how far a download or decoding has come; `total` is 0 where nobody knows it."""

    def preparing(self, what: str, slow: bool = False) -> None:
        """Show what is done next before the first trial; with `slow`, many seconds may pass until it is."""

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Show what runs where; the warm-up comes first, then trials of `steps` steps."""
        self.folder = folder

    def noted(self, sentence: str) -> None:
        """Show what was asked for and could not be done."""

    def trial_started(self, trial: int, seed: int) -> None:
        """Show that a trial begins."""

    def step(self, steps: int) -> None:
        """Show how many steps of the trial were given to the device."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """Show the epoch's figures."""

    def trial_ended(self, record: TrialRecord) -> None:
        """Show what the trial came to."""

    def close(self) -> None:
        """Leave the screen as a prompt needs it."""
