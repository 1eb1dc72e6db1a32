"""Stands in for the writer of a run folder in the processes that write none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dawnbench.records.schema import EpochRecord, RunRecord, RunStatus, StoppingRecord, TrialRecord
from dawnbench.records.store import RunWriter


class SilentWriter(RunWriter):
    """Writes nothing; rank 0 writes into the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write_run(self, record: RunRecord) -> None:
        """Do nothing."""

    def add_notes(self, notes: Sequence[str]) -> None:
        """Do nothing."""

    def note_stopping(self, stopping: StoppingRecord, trials: int) -> None:
        """Do nothing."""

    def close(self, status: RunStatus) -> None:
        """Do nothing."""

    def append_trial(self, record: TrialRecord) -> TrialRecord:
        """Return the record."""
        return record

    def append_epoch(self, record: EpochRecord) -> EpochRecord:
        """Return the record."""
        return record

    def has_trial(self, trial: int) -> bool:
        """Return True: there is nothing to write again."""
        return True

    def append_samples(self, samples: Iterable[Mapping[str, Any]]) -> None:
        """Do nothing."""
