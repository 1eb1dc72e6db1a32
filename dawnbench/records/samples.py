"""The reading end of telemetry.jsonl: what the hardware showed, sample by sample."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import SAMPLES_LIMIT, read_bytes
from dawnbench.records.schema import TrialRecord


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in the order of their times; arrays are (n,)."""

    t_ns: np.ndarray
    """int64, by the clock of `TrialRecord.began_ns`."""
    values: dict[str, np.ndarray]
    """By metric, float64 in the unit of the trials' readings; NaN where a sample has none."""
    throttle: tuple[tuple[str, ...], ...]
    """Why the GPU ran below its clocks, by sample."""
    warnings: tuple[str, ...] = ()
    """What could not be read, a sentence each."""

    def __len__(self) -> int:
        return len(self.t_ns)

    def of_trial(self, trial: TrialRecord) -> Samples | None:
        """Return the samples of one trial with times from its begin on; None where there is none."""
        if trial.began_ns is None:
            return None
        end_ns = trial.began_ns + round(trial.wall_seconds * 1e9)
        first = int(np.searchsorted(self.t_ns, trial.began_ns, side="left"))
        stop = int(np.searchsorted(self.t_ns, end_ns, side="right"))
        if first == stop:
            return None
        return Samples(
            self.t_ns[first:stop] - trial.began_ns,
            {name: column[first:stop] for name, column in self.values.items()},
            self.throttle[first:stop],
        )


def read_samples(folder: Path) -> Samples | None:
    """Return the samples of a run folder; None where it has none.

    A torn last line is passed over with a warning.

    Raises:
        DawnbenchError: the file cannot be read or is damaged.
    """
    path = folder / "telemetry.jsonl"
    try:
        lines = read_bytes(path, SAMPLES_LIMIT).split(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DawnbenchError(f"cannot read {path} ({error.strerror})") from error
    torn = bool(lines.pop())
    try:
        samples = [_sample(line) for line in lines]
        if not samples:
            return None
        names = dict.fromkeys(name for _, values, _ in samples for name in values)
        t_ns = np.array([t for t, _, _ in samples], dtype=np.int64)
        columns = {name: np.array([v.get(name) for _, v, _ in samples], dtype=np.float64) for name in names}
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise DawnbenchError(f"{path} is damaged: a line is no sample; was it changed by hand?") from error
    order = np.argsort(t_ns, kind="stable")
    return Samples(
        t_ns[order],
        {name: column[order] for name, column in columns.items()},
        tuple(samples[i][2] for i in order),
        (f"{path.name}: the last line is torn (the run was killed while it wrote) and left out",) * torn,
    )


def _sample(line: bytes) -> tuple[int, dict[str, Any], tuple[str, ...]]:
    values = json.loads(line)
    if not isinstance(values, dict):
        raise TypeError("no sample")
    t_ns, throttle = values.pop("t_ns"), values.pop("throttle", [])
    if not isinstance(t_ns, int) or not isinstance(throttle, list):
        raise TypeError("no sample")
    return t_ns, values, tuple(str(reason) for reason in throttle)
