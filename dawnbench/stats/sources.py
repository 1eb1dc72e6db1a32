"""What a user names on the command line, opened as a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.baseline import read_baseline
from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.stats.comparison.comparable import differences


def open_trial_set(name: str) -> TrialSet:
    """Return the series of a run folder, of a baseline file, or of all run folders that a glob matches.

    Raises:
        DawnbenchError: nothing is there, it cannot be read, or what a glob matches does not belong together.
    """
    path = Path(name)
    if path.is_dir():
        return trial_set_of(read_run(path))
    if path.is_file():
        return read_baseline(path)
    if not has_magic(name):
        raise DawnbenchError(f"{name} is no run folder and no baseline file; `dawnbench runs` lists the runs")
    found = [one for one in sorted(glob(name)) if (Path(one) / "run.json").is_file()]  # noqa: PTH207
    if not found:
        raise DawnbenchError(f"{name} matches no run folder; `dawnbench runs` lists the runs")
    return pool([trial_set_of(read_run(Path(one))) for one in found], name)


def pool(parts: Sequence[TrialSet], name: str) -> TrialSet:
    """Return one series with the trials of all, numbered anew.

    Raises:
        DawnbenchError: they are of different data, targets, recipes or devices.
    """
    first = parts[0]
    for other in parts[1:]:
        found = differences(first, other)
        apart = [
            *found.refusals,
            *(caution for caution in found.cautions if first.device_name != other.device_name),
        ]
        if apart:
            raise DawnbenchError(
                f"{name} matches runs that do not belong together, {first.name} and {other.name}: {apart[0]}"
            )
    trials = [trial for part in parts for trial in part.trials]
    return replace(
        first,
        name=first.name if len(parts) == 1 else name,
        trials=tuple(replace(trial, trial=number) for number, trial in enumerate(trials, start=1)),
        pairing=first.pairing if len(parts) == 1 else None,
        warnings=tuple(f"{part.name}: {warning}" for part in parts for warning in part.warnings)
        if len(parts) > 1
        else first.warnings,
    )
