"""Writes run folders: every line is on the disk before anything else happens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import finite
from dawnbench.records.files import PARTIAL, check_target, replacing
from dawnbench.records.lines import LineFile
from dawnbench.records.salvage import Record, salvage
from dawnbench.records.schema import EpochRecord, RunRecord, RunStatus, StoppingRecord, TrialRecord
from dawnbench.safe_text import slug

RUN_FILE = "run.json"
LINE_FILES = ("trials", "epochs", "telemetry")
"""The files that grow line by line, without their suffix."""


class RunWriter:
    """Creates a run folder and appends to it.

    Everything is checked by the reader's rules before it is written: an impossible value is left out, and the
    trial's warnings, or the run's notes, say so.

    Every method raises DawnbenchError if the disk refuses what is written; what was written before stays
    readable.
    """

    def __init__(self, out: Path, recipe_name: str, created: datetime) -> None:
        """Create `out`/<UTC time>-<recipe>-<6 hex>/."""
        self._open_folder(out / f"{created:%Y%m%dT%H%M%SZ}-{slug(recipe_name)}-{os.urandom(3).hex()}", True)

    @classmethod
    def reopen(cls, folder: Path) -> RunWriter:
        """Return a writer that appends to a run folder, whose record is to be written next.

        Raises:
            DawnbenchError: also if another process has reopened it, or a file in it is a link.
        """
        writer = cls.__new__(cls)
        for name in (RUN_FILE, *(f"{name}.jsonl" for name in LINE_FILES)):
            check_target(folder / name)
        writer._open_folder(folder, False)
        if not writer._open["trials"].lock():
            raise DawnbenchError(f"another process is resuming {folder}; wait for its end")
        for left in folder.glob(PARTIAL):  # by a process that was killed while it wrote a file
            left.unlink(missing_ok=True)
        return writer

    def _open_folder(self, folder: Path, new: bool) -> None:
        self.folder = folder
        self._record: RunRecord | None = None
        self._open: dict[str, LineFile] = {}
        self._first_failure: str | None = None
        self._lost: list[str] = []
        """What was left out of the current trial's epochs, one sentence each."""
        try:
            self.folder.mkdir(parents=True, exist_ok=not new)
            for name in LINE_FILES:
                self._open[name] = LineFile(self.folder / f"{name}.jsonl")
        except OSError as error:
            raise self._failure(self.folder, error) from error

    def write_run(self, record: RunRecord) -> None:
        """Write run.json; it is replaced atomically, so a reader never sees half of it."""
        record, lost = _possible(record)
        self._record = record = replace(
            record, notes=(*record.notes, *(_sentence("run.json", c) for c in lost))
        )
        path = self.folder / RUN_FILE
        text = json.dumps(finite(asdict(record)), indent=2, allow_nan=False) + "\n"
        try:
            with replacing(path) as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._failure(path, error) from error

    def add_notes(self, notes: Sequence[str]) -> None:
        """Rewrite run.json with these sentences added to its `notes`."""
        if self._record is not None and notes:
            self.write_run(replace(self._record, notes=(*self._record.notes, *notes)))

    def note_stopping(self, stopping: StoppingRecord, trials: int) -> None:
        """Rewrite run.json with what the stopping rule has seen, and how many trials it allows or took."""
        if self._record is not None:
            self.write_run(replace(self._record, stopping=stopping, trials=trials))

    def close(self, status: RunStatus) -> None:
        """Note how the run ended, and close the files."""
        try:
            if self._record is not None and self._open["trials"].is_in_place():
                self._note_status(replace(self._record, status=status))
        finally:
            for file in self._open.values():
                file.close()

    def _note_status(self, record: RunRecord) -> None:
        try:
            self.write_run(record)
        except DawnbenchError:
            # A full disk has no room for a second file, but the first can be overwritten if it does not grow.
            text = json.dumps(finite(asdict(record)), allow_nan=False).encode() + b"\n"
            try:
                with (self.folder / "run.json").open("r+b", buffering=0) as file:
                    if len(text) > os.fstat(file.fileno()).st_size or file.write(text) < len(text):
                        raise
                    file.truncate()
            except OSError as error:
                raise self._failure(self.folder / "run.json", error) from error

    def append_trial(self, record: TrialRecord) -> TrialRecord:
        """Append one line to trials.jsonl and return the record as written.

        Raises:
            DawnbenchError: the disk refuses it, or the folder is no longer in place.
        """
        record, lost = _possible(record)
        sentences, self._lost = [*self._lost, *(_sentence("the trial", clause) for clause in lost)], []
        record = replace(record, warnings=(*record.warnings, *sentences))
        self._append("trials", [asdict(record)])
        return record

    def append_epoch(self, record: EpochRecord) -> EpochRecord:
        """Append one line to epochs.jsonl and return the record as written.

        Raises:
            DawnbenchError: the disk refuses it, or the folder is no longer in place.
        """
        record, lost = _possible(record)
        self._lost += (_sentence(f"epoch {record.epoch}", clause) for clause in lost)
        self._append("epochs", [asdict(record)])
        return record

    def has_trial(self, trial: int) -> bool:
        """Return whether trials.jsonl has this trial's line."""
        lines = self._open["trials"].path.read_bytes().splitlines()
        return any(json.loads(line)["trial"] == trial for line in lines)

    def append_samples(self, samples: Iterable[Mapping[str, Any]]) -> None:
        """Append telemetry samples without forcing them to disk, which would disturb what they measure."""
        self._append("telemetry", samples, force=False)

    def _append(self, name: str, lines: Iterable[Mapping[str, Any]], force: bool = True) -> None:
        file = self._open[name]
        if force and not file.is_in_place():
            raise DawnbenchError(
                f"the run folder {self.folder} was deleted or moved during the run, so the run ends "
                "here: there is nowhere left to record it"
            )
        text = "".join(json.dumps(finite(line), allow_nan=False) + "\n" for line in lines)
        try:
            file.append(text, force)
        except OSError as error:
            raise self._failure(file.path, error) from error

    def _failure(self, path: Path, error: OSError) -> DawnbenchError:
        """Return the error about the first file that failed; later failures follow from it."""
        self._first_failure = self._first_failure or _cannot_write(path, error)
        return DawnbenchError(self._first_failure)


def _possible(record: Record) -> tuple[Record, list[str]]:
    """Return a record as a reader will see it, and a clause for each value left out.

    A record that could not be read at all is written unchanged: at worst a reader leaves it out.
    """
    possible, lost = salvage(type(record), finite(asdict(record)))
    return possible or record, lost


def _sentence(what: str, clause: str) -> str:
    return f"{what}: {clause}; it is not recorded"


def _cannot_write(path: Path, error: OSError) -> str:
    return (
        f"cannot write {path}: {error.strerror or error}; make room or choose another folder with --out "
        "(what was recorded before is kept)"
    )
