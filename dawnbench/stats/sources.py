"""Opens what a user names on the command line as a set of trials."""

from __future__ import annotations

from glob import glob, has_magic
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.baseline import read_baseline
from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.stats.pooling import pool_trials


def open_trial_set(name: str) -> TrialSet:
    """Return the trials of a run folder, of a baseline file, or of all run folders that a glob matches.

    Raises:
        DawnbenchError: nothing is there, it cannot be read, or the runs that a glob matches do not belong
            together.
    """
    path = Path(name)
    if path.is_dir():
        return trial_set_of(read_run(path))
    if path.is_file():
        return read_baseline(path)
    if not has_magic(name):
        raise DawnbenchError(
            f"{name} is not a run folder or a baseline file; `dawnbench runs` lists the runs"
        )
    found = [one for one in sorted(glob(name)) if (Path(one) / "run.json").is_file()]  # noqa: PTH207
    if not found:
        raise DawnbenchError(f"{name} matches no run folder; `dawnbench runs` lists the runs")
    return pool_trials([trial_set_of(read_run(Path(one))) for one in found], name)
