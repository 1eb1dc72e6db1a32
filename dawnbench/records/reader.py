"""The reading end of a run folder."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, LINES_LIMIT, open_regular, read_bytes
from dawnbench.records.process import is_gone
from dawnbench.records.salvage import TrialWithoutLedger, parse, parse_json, salvage
from dawnbench.records.schema import SCHEMA_VERSION, EpochRecord, RunRecord, TrialRecord

DIED = (
    "the run's process has gone without noting how the run ended: it was killed, or the system ended it; "
    "what it had recorded is kept"
)

Line = TypeVar("Line", EpochRecord, TrialRecord)

CHUNK_BYTES = 100_000
"""Of lines that are validated at once; where one is not possible, they are validated one by one.

The system's allocator keeps blocks of this size for the next chunk and gives larger ones back each time.
"""
MAX_WARNINGS = 20
"""Of one file."""


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
        for trial, epochs in groupby(self.epochs, attrgetter("trial")):
            found.setdefault(trial, []).extend(epochs)
        return {trial: tuple(epochs) for trial, epochs in found.items()}


def read_run(folder: Path, *, ledgers: bool = True) -> Run:
    """Return what a run folder holds; what cannot be read of it is left out, with a warning for each.

    Without their ledgers, trials have no segments, and take a third of the time.

    Raises:
        DawnbenchError: it is not a run folder, its schema is newer than this version knows, or run.json does
            not say what was run.
    """
    record, warnings = read_record(folder)
    with collector_paused():
        kind = TrialRecord if ledgers else TrialWithoutLedger
        trials = tuple(_read_lines(folder / "trials.jsonl", kind, warnings))
        epochs = tuple(_read_lines(folder / "epochs.jsonl", EpochRecord, warnings))
    return Run(folder, record, trials, epochs, tuple(warnings))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's garbage collector from scanning all that was read, again and again, for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_record(folder: Path) -> tuple[RunRecord, list[str]]:
    """Return what run.json holds, and a warning for each value left out; a run without its process has died.

    Raises:
        DawnbenchError: as `read_run` does.
    """
    path = folder / "run.json"
    record, warnings = _read_record(path)
    if record.status == "running" and is_gone(record.process):
        # Read again: it may have noted its end and left between the reading and the look at the process.
        record, warnings = _read_record(path)
        if record.status == "running":
            record = replace(record, status="died")
            warnings.append(DIED)
    return record, warnings


def _read_record(path: Path) -> tuple[RunRecord, list[str]]:
    data = read_versioned(path, f"{path.parent} is no run folder: cannot read run.json")
    record, lost = salvage(RunRecord, data)
    if record is None:
        raise DawnbenchError(f"{path} is damaged: {lost[-1]}")
    return record, [f"{path.name}: {clause}; it is left out" for clause in lost]


def read_versioned(path: Path, trouble: str) -> dict[str, Any]:
    """Return a JSON object that has a `schema_version` this dawnbench knows.

    Raises:
        DawnbenchError: it cannot be read (`trouble` says it, the reason is put behind), is something else or
            is newer.
    """
    try:
        data: dict[str, Any] = parse_json(read_bytes(path, DOCUMENT_LIMIT))
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


def _read_lines(path: Path, kind: type[Line], warnings: list[str]) -> list[Line]:
    records: list[Line] = []
    found: dict[str, list[str]] = {}
    torn, done = False, 0
    try:
        with open_regular(path, LINES_LIMIT) as file:
            while lines := file.readlines(CHUNK_BYTES):
                if not lines[-1].endswith(b"\n"):
                    torn = True
                    lines.pop()
                first, done = done + 1, done + len(lines)
                if (parsed := parse(kind, lines)) is not None:
                    records += parsed
                    continue
                for number, line in enumerate(lines, first):
                    record, lost = read_line(kind, line.removesuffix(b"\n"))
                    for clause in lost:
                        # The same field is often wrong on many lines.
                        sentence = f"{path.name}, line {number}: {clause}"
                        found.setdefault(clause.split(" ", 1)[0], []).append(sentence)
                    if record is not None:
                        records.append(record)
    except OSError as error:
        raise DawnbenchError(f"cannot read {path} ({error.strerror}); the run folder is not whole") from error
    warnings += capped(found, path.name)
    if torn:
        warnings.append(
            f"{path.name}: the last line is torn (the run was killed while it wrote) and left out"
        )
    return records


def read_line(kind: type[Line], line: bytes) -> tuple[Line | None, list[str]]:
    """Return the record on a line, and a sentence's rest for each value of it, or for all of it, left out."""
    if parsed := parse(kind, [line]):
        return parsed[0], []
    try:
        content = parse_json(line)
    except (ValueError, RecursionError):
        return None, ["not what dawnbench writes; the line is left out"]
    record, lost = salvage(kind, content)
    if record is None:
        return None, [f"{lost[-1]}; the line is left out"]
    return record, [f"{clause}; it is left out" for clause in lost]


def capped(found: Mapping[str, Sequence[str]], name: str) -> list[str]:
    """Return a warning for each field of a file, of the first ones, that says how often it was left out."""
    told = [
        sentences[0] + (f", as on {len(sentences) - 1:,} more" if len(sentences) > 1 else "")
        for sentences in found.values()
    ]
    more = len(told) - MAX_WARNINGS
    return told if more <= 0 else [*told[:MAX_WARNINGS], f"{name}: {more:,} more fields left out"]


def damaged(path: Path, error: ValidationError) -> DawnbenchError:
    """Return the sentence about a file whose content does not fit its schema."""
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"]) or "the line"
    return DawnbenchError(f"{path} is damaged: {where}: {first['msg']}")
