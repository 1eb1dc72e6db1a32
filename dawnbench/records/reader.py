"""Reads run folders."""

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
    "the run's process ended without noting how the run ended: it was killed, or the system stopped it; "
    "what it had recorded is kept"
)
RESUME = "; `dawnbench resume` finishes it"

Line = TypeVar("Line", EpochRecord, TrialRecord)

CHUNK_BYTES = 100_000
"""Of lines that are validated at once; if one is invalid, they are validated one by one.

The allocator reuses blocks of this size for the next chunk; larger ones go back to the system each time.
"""
MAX_WARNINGS = 20
"""Per file."""


@dataclass(frozen=True)
class Run:
    """A run folder's content, or that of several pooled run folders of one recipe."""

    folder: Path
    record: RunRecord
    trials: tuple[TrialRecord, ...]
    epochs: tuple[EpochRecord, ...]
    warnings: tuple[str, ...]
    """What could not be read, one sentence each."""
    pooled_from: tuple[str, ...] = ()
    """Names of the run folders whose trials it holds, if there are several."""

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
    """Return what a run folder holds; whatever cannot be read is left out, with a warning for each.

    Without ledgers, trials have no segments and take a third of the time to read.

    Raises:
        DawnbenchError: it is not a run folder, its schema is newer than this version knows, or run.json does
            not say what was run.
    """
    record, warnings = read_record(folder)
    with collector_paused():
        kind = TrialRecord if ledgers else TrialWithoutLedger
        trials = tuple(_read_lines(folder / "trials.jsonl", kind, warnings))
        epochs = tuple(_read_lines(folder / "epochs.jsonl", EpochRecord, warnings))
    if record.resumptions:
        trials, epochs = _latest_trials(trials), _latest_epochs(epochs)
    return Run(folder, record, trials, epochs, tuple(warnings))


def _latest_trials(trials: Sequence[TrialRecord]) -> tuple[TrialRecord, ...]:
    """Return the last record of each trial, without those of attempts that a resumption took further."""
    return tuple({trial.trial: trial for trial in trials}.values())


def _latest_epochs(epochs: Sequence[EpochRecord]) -> tuple[EpochRecord, ...]:
    """Return each trial's epochs, without those that were trained again after a resumption."""
    kept: dict[int, list[EpochRecord]] = {}
    for epoch in epochs:
        own = kept.setdefault(epoch.trial, [])
        while own and own[-1].epoch >= epoch.epoch:
            own.pop()
        own.append(epoch)
    return tuple(epoch for own in kept.values() for epoch in own)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's garbage collector from scanning everything read so far again and again."""
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
        # The run may have noted its end and exited after it was read and before its process was looked up.
        record, warnings = _read_record(path)
        if record.status == "running":
            record = replace(record, status="died")
            warnings.append(DIED + (RESUME if record.can_be_resumed else ""))
    return record, warnings


def _read_record(path: Path) -> tuple[RunRecord, list[str]]:
    data = read_versioned(path, f"{path.parent} is not a run folder: cannot read run.json")
    record, lost = salvage(RunRecord, data)
    if record is None:
        raise DawnbenchError(f"{path} is damaged: {lost[-1]}")
    return record, [f"{path.name}: {clause}; it is left out" for clause in lost]


def read_versioned(path: Path, trouble: str) -> dict[str, Any]:
    """Return a JSON object whose `schema_version` this dawnbench knows.

    Raises:
        DawnbenchError: it cannot be read (`trouble` begins that message, the reason follows), is something
            else or is newer.
    """
    try:
        data: dict[str, Any] = parse_json(read_bytes(path, DOCUMENT_LIMIT))
        version = data["schema_version"]
    except OSError as error:
        raise DawnbenchError(f"{trouble} ({error.strerror})") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DawnbenchError(f"{path} was not written by dawnbench; was it edited by hand?") from error
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
                        # Often the same field is wrong on many lines.
                        sentence = f"{path.name}, line {number}: {clause}"
                        found.setdefault(clause.split(" ", 1)[0], []).append(sentence)
                    if record is not None:
                        records.append(record)
    except OSError as error:
        raise DawnbenchError(
            f"cannot read {path} ({error.strerror}); the run folder is incomplete"
        ) from error
    warnings += capped(found, path.name)
    if torn:
        warnings.append(
            f"{path.name}: the last line is torn (the run was killed while writing it) and left out"
        )
    return records


def read_line(kind: type[Line], line: bytes) -> tuple[Line | None, list[str]]:
    """Return the record on a line, and a clause for each value left out, or for the line left out."""
    if parsed := parse(kind, [line]):
        return parsed[0], []
    try:
        content = parse_json(line)
    except (ValueError, RecursionError):
        if not line.endswith(b"}"):
            return None, ["torn (the run was killed while writing it); the line is left out"]
        return None, ["not written by dawnbench; the line is left out"]
    record, lost = salvage(kind, content)
    if record is None:
        return None, [f"{lost[-1]}; the line is left out"]
    return record, [f"{clause}; it is left out" for clause in lost]


def capped(found: Mapping[str, Sequence[str]], name: str) -> list[str]:
    """Return a warning for each of the first fields of a file, with how often the field was left out."""
    warnings = [
        sentences[0] + (f", as on {len(sentences) - 1:,} more" if len(sentences) > 1 else "")
        for sentences in found.values()
    ]
    more = len(warnings) - MAX_WARNINGS
    return warnings if more <= 0 else [*warnings[:MAX_WARNINGS], f"{name}: {more:,} more fields left out"]


def damaged(path: Path, error: ValidationError) -> DawnbenchError:
    """Return the error for a file whose content does not fit its schema."""
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"]) or "the line"
    return DawnbenchError(f"{path} is damaged: {where}: {first['msg']}")
