"""The base class of all displays."""

from __future__ import annotations

from pathlib import Path

from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.report.units import percent, seconds


class Display:
    """Shows nothing, but remembers the run folder for the code that finishes the run."""

    folder: Path | None = None

    def loading(self, what: str, done: int, total: int) -> None:
        """Show the progress of a download or of decoding; `total` is 0 if unknown."""

    def preparing(self, what: str, slow: bool = False) -> None:
        """Show what happens next before the first trial; with `slow`, it may take many seconds."""

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Show what runs where; the warm-up comes first, then trials of `steps` steps."""
        self.folder = folder

    def noted(self, sentence: str) -> None:
        """Show what was requested and could not be done."""

    def trial_started(self, trial: int, seed: int) -> None:
        """Show that a trial starts."""

    def step(self, steps: int) -> None:
        """Show how many steps of the trial were submitted to the device."""

    def epoch_ended(self, record: EpochRecord) -> None:
        """Show the epoch's results."""

    def trial_ended(self, record: TrialRecord) -> None:
        """Show the trial's result."""

    def close(self) -> None:
        """Leave the screen ready for a prompt."""


def trial_sentence(record: TrialRecord) -> str:
    """Return whether a trial reached the target, or why it ended early."""
    if record.reason:
        return f"{record.status}: {record.reason}"
    if record.epochs_to_target is None:
        return f"the target was not reached; the best epoch reached {percent(record.best_accuracy)}"
    return f"target reached after epoch {record.epochs_to_target}, {seconds(record.seconds.get('dawnbench'))}"
