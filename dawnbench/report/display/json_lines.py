"""A run as JSON lines, one per event."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from dawnbench.records.bounds import finite
from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.report.display.display import Display
from dawnbench.report.display.ending import summary_event


class JsonLinesDisplay(Display):
    """Writes `{"event": ..., ...}` lines.

    `run`, `epoch` and `trial` have the fields of the run folder; `summary` is the last one of a run.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Write a `run` line with the folder and run.json."""
        super().run_started(record, folder, steps)
        self._write("run", {"folder": str(folder), "steps": steps, **asdict(record)})

    def noted(self, sentence: str) -> None:
        """Write a `note` line."""
        self._write("note", {"note": sentence})

    def epoch_ended(self, record: EpochRecord) -> None:
        """Write an `epoch` line."""
        self._write("epoch", asdict(record))

    def trial_ended(self, record: TrialRecord) -> None:
        """Write a `trial` line."""
        self._write("trial", asdict(record))

    def summary(self, run: Run) -> None:
        """Write a `summary` line, the last one of a run."""
        self._write("summary", summary_event(run))

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        self._file.write(json.dumps({"event": event} | finite(fields), allow_nan=False) + "\n")
        self._file.flush()
