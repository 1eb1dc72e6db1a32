"""The reading end of a run folder."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, LINES_LIMIT, read_bytes
from dawnbench.records.schema import SCHEMA_VERSION, EpochRecord, RunRecord, TrialRecord

Line = TypeVar("Line", EpochRecord, TrialRecord)


@dataclass(frozen=True)
class Run:
    """A run folder as read, or several with the trials of one recipe."""

    folder: Path
    record: RunRecord
    trials: tuple[TrialRecord, ...]
    epochs: tuple[EpochRecord, ...]
    warnings: tuple[str, ...]
    """What could not be read, a sentence each."""
    pooled_from: tuple[str, ...] = ()
    """Names of the run folders whose trials it holds, where they are several."""

    def epochs_of(self, trial: int) -> tuple[EpochRecord, ...]:
        """Return the epochs of one trial, in order."""
        return self._by_trial.get(trial, ())

    @cached_property
    def _by_trial(self) -> dict[int, tuple[EpochRecord, ...]]:
        found: dict[int, list[EpochRecord]] = {}
        for epoch in self.epochs:
            found.setdefault(epoch.trial, []).append(epoch)
        return {trial: tuple(epochs) for trial, epochs in found.items()}


# One is slow to make and reads any number of lines.
_RUN, _TRIAL, _EPOCH = TypeAdapter(RunRecord), TypeAdapter(TrialRecord), TypeAdapter(EpochRecord)


def read_run(folder: Path) -> Run:
    """Return what a run folder holds; a torn last line is passed over with a warning.

    Raises:
        DawnbenchError: it is no run folder, its schema is newer than this version knows, or it is damaged.
    """
    record = read_record(folder / "run.json")
    warnings: list[str] = []
    with _collector_paused():
        trials = _read_lines(folder / "trials.jsonl", _TRIAL, warnings)
        epochs = _read_lines(folder / "epochs.jsonl", _EPOCH, warnings)
    return Run(folder, record, tuple(trials), tuple(epochs), tuple(warnings))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Let Python's collector wait: it would look at all that was read, again and again, for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_record(path: Path) -> RunRecord:
    """Return what run.json holds.

    Raises:
        DawnbenchError: the folder is not a run folder, or the file is newer than this version or damaged.
    """
    data = read_versioned(path, f"{path.parent} is no run folder: cannot read run.json")
    try:
        return _RUN.validate_python(data)
    except ValidationError as error:
        raise damaged(path, error) from error


def read_versioned(path: Path, trouble: str) -> dict[str, Any]:
    """Return a JSON object that has a `schema_version` this dawnbench knows.

    Raises:
        DawnbenchError: it cannot be read (`trouble` says it, the reason is put behind), is something else or
            is newer.
    """
    try:
        data: dict[str, Any] = json.loads(read_bytes(path, DOCUMENT_LIMIT))
        version = data["schema_version"]
    except OSError as error:
        raise DawnbenchError(f"{trouble} ({error.strerror})") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DawnbenchError(f"{path} is not what dawnbench writes; was it changed by hand?") from error
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise DawnbenchError(
            f"{path} has schema version {version} and this dawnbench reads up to {SCHEMA_VERSION}; "
            "upgrade with `pip install --upgrade dawnbench`"
        )
    return data


def _read_lines(path: Path, adapter: TypeAdapter[Line], warnings: list[str]) -> list[Line]:
    try:
        lines = read_bytes(path, LINES_LIMIT).split(b"\n")
    except OSError as error:
        raise DawnbenchError(f"cannot read {path} ({error.strerror}); the run folder is not whole") from error
    whole, rest = lines[:-1], lines[-1]
    if rest:
        warnings.append(
            f"{path.name}: the last line is torn (the run was killed while it wrote) and left out"
        )
    try:
        return [validated(adapter, line) for line in whole]
    except ValidationError as error:
        raise damaged(path, error) from error


def validated(adapter: TypeAdapter[Line], line: bytes) -> Line:
    """Return the record in a line of JSON.

    Raises:
        ValidationError: it is none.
    """
    # A path may hold half a surrogate pair, which pydantic's own parser does not take.
    if b"\\ud" in line or b"\\uD" in line:
        with suppress(json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            return adapter.validate_python(json.loads(line))
    return adapter.validate_json(line)


def damaged(path: Path, error: ValidationError) -> DawnbenchError:
    """Return the sentence about a file whose content does not fit its schema."""
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"]) or "the line"
    return DawnbenchError(f"{path} is damaged: {where}: {first['msg']}")
