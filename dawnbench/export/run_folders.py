"""The run folders that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.index import index_runs
from dawnbench.records.listed import Listed
from dawnbench.records.run_names import run_folder


def find_folders(names: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return run folders, the oldest run first and none twice, and a sentence for each that is unreadable.

    `names` are runs (by folder, or such as latest), folders that contain some, or globs over either.

    Raises:
        DawnbenchError: a name does not exist or matches nothing, or there is no run.
    """
    found: dict[Path, Listed] = {}
    troubles: list[str] = []
    for name in names:
        path = Path(name)
        if not path.exists() and not has_magic(name):
            path = run_folder(name)
        places = [str(path)] if path.exists() else sorted(glob(name))  # noqa: PTH207  # absolute too
        folders = [Path(place) for place in places if place == str(path) or Path(place).is_dir()]
        if not folders:
            raise DawnbenchError(f"{name} does not exist; name run folders, folders of them, or globs")
        for folder in folders:
            index = index_runs(folder)
            troubles += index.troubles
            found.update({run.folder.resolve(): run for run in index.runs})
    if not found:
        raise DawnbenchError(f"there is no run in {', '.join(names)}; `dawnbench runs` lists the runs")
    ordered = sorted(found.values(), key=lambda run: (run.created, run.name))
    return [run.folder for run in ordered], troubles
