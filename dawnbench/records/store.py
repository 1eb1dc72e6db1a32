"""The writing end of a run folder: every line is on the disk before the next thing happens."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import replacing
from dawnbench.records.schema import EpochRecord, RunRecord, RunStatus, TrialRecord


def finite(value: Any) -> Any:
    """Return JSON types with each number that is not finite as None, since JSON has none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def slug(name: str) -> str:
    """Return a recipe's or device's name as part of a file's name."""
    return re.sub(r"[^\w.]+", "-", name).strip("-.") or "unnamed"


class RunWriter:
    """Creates a run folder and appends to it.

    Every method raises DawnbenchError where the disk does not take what is written; what was written before
    stays readable.
    """

    def __init__(self, out: Path, recipe_name: str, created: datetime) -> None:
        """Create `out`/<UTC time>-<recipe>-<6 hex>/."""
        self.folder = out / f"{created:%Y%m%dT%H%M%SZ}-{slug(recipe_name)}-{os.urandom(3).hex()}"
        self._record: RunRecord | None = None
        self._open: dict[str, IO[str]] = {}
        try:
            self.folder.mkdir(parents=True)
            for name in ("trials", "epochs", "telemetry"):
                self._open[name] = (self.folder / f"{name}.jsonl").open("a", encoding="utf-8")
        except OSError as error:
            raise _cannot_write(self.folder, error) from error

    def write_run(self, record: RunRecord) -> None:
        """Write run.json; it is replaced in one step, so a reader never sees half of it."""
        self._record = record
        path = self.folder / "run.json"
        text = json.dumps(finite(asdict(record)), indent=2, allow_nan=False) + "\n"
        try:
            with replacing(path) as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _cannot_write(path, error) from error

    def add_notes(self, notes: Sequence[str]) -> None:
        """Rewrite run.json with these sentences added to its `notes`."""
        if self._record is not None and notes:
            self.write_run(replace(self._record, notes=(*self._record.notes, *notes)))

    def close(self, status: RunStatus) -> None:
        """Note how the run ended, and close the files."""
        try:
            if self._record is not None:
                self.write_run(replace(self._record, status=status))
        finally:
            for name, file in self._open.items():
                self._close_file(name, file)

    def _close_file(self, name: str, file: IO[str]) -> None:
        try:
            file.close()
        except OSError as error:  # what a full disk did not take before
            raise _cannot_write(self.folder / f"{name}.jsonl", error) from error

    def append_trial(self, record: TrialRecord) -> None:
        """Append one line to trials.jsonl."""
        self._append("trials", [asdict(record)])

    def append_epoch(self, record: EpochRecord) -> None:
        """Append one line to epochs.jsonl."""
        self._append("epochs", [asdict(record)])

    def append_samples(self, samples: Iterable[Mapping[str, Any]]) -> None:
        """Append telemetry samples, not forced to the disk, which would disturb what they measure."""
        self._append("telemetry", samples, force=False)

    def _append(self, name: str, lines: Iterable[Mapping[str, Any]], force: bool = True) -> None:
        file = self._open[name]
        text = "".join(json.dumps(finite(line), allow_nan=False) + "\n" for line in lines)
        try:
            file.write(text)
            file.flush()
            if force:
                os.fsync(file.fileno())
        except OSError as error:
            raise _cannot_write(self.folder / f"{name}.jsonl", error) from error


def _cannot_write(path: Path, error: OSError) -> DawnbenchError:
    return DawnbenchError(
        f"cannot write {path}: {error.strerror or error}; make room or choose another place with --out "
        "(what was recorded before is kept)"
    )
