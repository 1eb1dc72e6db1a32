"""Reads telemetry.jsonl: what the sensors showed, sample by sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json

from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import MAX_COUNT, MAX_READING
from dawnbench.records.files import SAMPLES_LIMIT, open_regular
from dawnbench.records.salvage import parse_json
from dawnbench.records.schema import TrialRecord

CHUNK_LINES = 2_048
"""Parsed at a time: a few megabytes of Python objects, of which only columns of numbers are kept."""

MAX_METRICS = 256

LINE_LIMIT = 1_000_000
"""Bytes of a line; real ones have up to a few hundred."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in order of time; arrays are (n,)."""

    t_ns: np.ndarray
    """int64, on the clock of `TrialRecord.began_ns`."""
    values: dict[str, np.ndarray]
    """By metric, in the unit of the trials' readings; NaN for a sample without a value.

    float64 for a trial; for a whole run float32 if that loses nothing, as a day has 1.7 million samples."""
    throttle: tuple[tuple[str, ...], ...]
    """Why the GPU ran below its clocks, by sample."""
    warnings: tuple[str, ...] = ()
    """What could not be read, one sentence each."""

    def __len__(self) -> int:
        return len(self.t_ns)

    def of_trial(self, trial: TrialRecord) -> Samples | None:
        """Return the samples of one trial, with times since its start; None if there are none."""
        if trial.began_ns is None or trial.wall_seconds is None:
            return None
        end_ns = trial.began_ns + round(trial.wall_seconds * 1e9)
        first = int(np.searchsorted(self.t_ns, trial.began_ns, side="left"))
        stop = int(np.searchsorted(self.t_ns, end_ns, side="right"))
        if first == stop:
            return None
        return Samples(
            self.t_ns[first:stop] - trial.began_ns,
            {name: column[first:stop].astype(np.float64) for name, column in self.values.items()},
            self.throttle[first:stop],
        )


def read_samples(folder: Path) -> Samples | None:
    """Return the samples of a run folder; None if it has none.

    An incomplete last line and impossible values are left out with a warning.

    Raises:
        DawnbenchError: the file cannot be read.
    """
    path = folder / "telemetry.jsonl"
    rest = b""
    try:
        with open_regular(path, SAMPLES_LIMIT) as file:
            # What a run appends from now on is left to the next reader.
            whole = sum(block.count(b"\n") for block in iter(lambda: file.read(LINE_LIMIT), b""))
            file.seek(0)
            columns = _Columns(whole + 1)
            following = islice(iter(lambda: file.readline(LINE_LIMIT), b""), whole + 1)
            while lines := list(islice(following, CHUNK_LINES)):
                if not lines[-1].endswith(b"\n"):
                    rest = lines.pop()
                columns.add(lines)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DawnbenchError(f"cannot read {path} ({error.strerror})") from error
    except MemoryError as error:
        raise DawnbenchError(f"{path} has more samples than fit in memory") from error
    if rest:
        columns.warnings.append("the last line is torn (the run was killed while writing it) and left out")
    return columns.samples(path.name)


def _json(line: bytes) -> Any:
    try:
        return from_json(line)
    except ValueError:
        # Python's own parser is slow, but accepts lone surrogates and numbers of thousands of digits.
        return parse_json(line)


_Sample = tuple[int, dict[str, Any], tuple[str, ...]]


def _sample(line: bytes) -> _Sample | None:
    """Return a sample's time, values and throttle reasons; None if the line is not a sample."""
    try:
        values = _json(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    t_ns, throttle = values.pop("t_ns", None), values.pop("throttle", [])
    if not isinstance(t_ns, int) or not 0 <= t_ns <= MAX_COUNT or not isinstance(throttle, list):
        return None
    return t_ns, values, tuple(reason for reason in throttle if isinstance(reason, str))


class _Columns:
    """Collects samples chunk by chunk, so that a day of them is never held as Python objects."""

    def __init__(self, most: int) -> None:
        """Allocate arrays for up to `most` samples; growing arrays would fragment the memory."""
        self.warnings: list[str] = []
        self._lost_lines = 0
        self._lost_values: Counter[str] = Counter()
        self._most, self._rows = most, 0
        self._t_ns = np.empty(most, np.int64)
        self._values: dict[str, np.ndarray] = {}
        self._throttle: list[tuple[str, ...]] = []
        self._reasons: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(self, lines: Sequence[bytes]) -> None:
        """Append a chunk."""
        samples = [sample for line in lines if (sample := _sample(line)) is not None]
        self._lost_lines += len(lines) - len(samples)
        rows = slice(self._rows, self._rows + len(samples))
        self._t_ns[rows] = [t for t, _, _ in samples]
        for name in dict.fromkeys(name for _, values, _ in samples for name in values):
            column = self._values.get(name)
            if column is None and len(self._values) == MAX_METRICS:
                continue  # more than any machine has: a damaged file, and each would take a column
            chunk = self._column(name, [values.get(name) for _, values, _ in samples])
            if column is None:
                column = np.full(self._most, np.nan, chunk.dtype)
            self._values[name] = column = column.astype(
                np.promote_types(column.dtype, chunk.dtype), copy=False
            )
            column[rows] = chunk
        self._throttle += (self._reasons.setdefault(reasons, reasons) for _, _, reasons in samples)
        self._rows += len(samples)

    def _column(self, name: str, values: list[Any]) -> np.ndarray:
        try:
            column = np.array(values, np.float64)
            if column.ndim != 1:  # each value is a list, and all are of one length
                raise ValueError("not numbers")
        except (ValueError, TypeError, OverflowError):
            column = np.array(
                [v if isinstance(v, int | float) and abs(v) <= MAX_READING else np.nan for v in values]
            )
            self._lost_values[name] += sum(v is not None for v in values) - int((~np.isnan(column)).sum())
        impossible = np.abs(column) > MAX_READING
        self._lost_values[name] += int(impossible.sum())
        column[impossible] = np.nan
        return _narrow(column)

    def samples(self, file: str) -> Samples | None:
        """Return all samples in order of time, once; None if there are none."""
        if self._lost_lines:
            self.warnings.append(f"left out {_counted(self._lost_lines, 'line')} that cannot be a sample")
        self.warnings += (
            f"left out {_counted(count, 'impossible value')} of {name}"
            for name, count in self._lost_values.items()
            if count
        )
        warnings = tuple(f"{file}: {warning}" for warning in self.warnings)
        if not self._rows:
            return Samples(np.array([], np.int64), {}, (), warnings) if warnings else None
        t_ns, throttle = self._t_ns[: self._rows], tuple(self._throttle)
        values = {name: column[: self._rows] for name, column in self._values.items()}
        if (t_ns[1:] < t_ns[:-1]).any():
            order = np.argsort(t_ns, kind="stable")
            t_ns, throttle = t_ns[order], tuple(throttle[i] for i in order)
            values = {name: values.pop(name)[order] for name in list(values)}
        return Samples(t_ns, values, throttle, warnings)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _narrow(column: np.ndarray) -> np.ndarray:
    """Return a column in 32 bits if that loses nothing, as for percentages, clocks and whole pages."""
    with np.errstate(over="ignore"):
        narrowed = column.astype(np.float32)
    return narrowed if np.array_equal(narrowed, column, equal_nan=True) else column
