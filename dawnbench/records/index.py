"""Lists every run in a folder of run folders: quick the second time, and never out of date."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import CAMPAIGN_FILES
from dawnbench.records.identity import RunIdentity
from dawnbench.records.index_cache import Kept, cache_path, keep, recall
from dawnbench.records.listed import Listed, read_listed

RUN_FILES = ("run.json", "trials.jsonl", "epochs.jsonl", "telemetry.jsonl")
LISTED_FILES = RUN_FILES[:2]
"""Those that a listing reads."""
SETTLED_NS = 2_000_000_000
"""A file modified less than this long ago may change again within the same tick of its file system's clock
(2 s on FAT, the slowest) and keep the same time, so what was read from it is not cached."""

_KEPT_FIELDS = tuple(
    field.name for field in fields(Listed) if field.name not in ("name", "folder", "identity")
)
_IDENTITY_FIELDS = tuple(field.name for field in fields(RunIdentity))


@dataclass(frozen=True, slots=True)
class Index:
    """The runs of a folder."""

    runs: tuple[Listed, ...]
    """Newest first."""
    troubles: tuple[str, ...]
    """The run folders that cannot be read, one sentence each."""


def index_runs(folder: Path, *, cache: Path | None = None, clock: Callable[[], int] = time.time_ns) -> Index:
    """Return every run in `folder`, or `folder` itself if it is a run folder; other folders are skipped.

    Of a campaign's folder it returns the runs with results.

    What was read is cached in the file `cache` (by default in the user's cache folder) under the sizes, times
    and inodes of run.json and trials.jsonl, so that only what changed is read again. `clock` returns
    nanoseconds since 1970.

    Raises:
        DawnbenchError: there is no such folder, or it is itself a run folder that cannot be read.
    """
    folder = folder_of_runs(folder)
    if is_run_folder(folder):
        return Index((read_listed(folder, folder.resolve().name),), ())
    names = subfolders(folder)
    place, cache = str(folder.resolve()), cache or cache_path()
    known = recall(cache, place)
    settled = clock() - SETTLED_NS
    found: dict[str, Listed | str] = {}
    fresh: dict[str, Kept] = {}
    for name in names:
        path = folder / name
        try:
            seen, touched = stamp(path, LISTED_FILES)
        except OSError as error:
            found[name] = f"cannot read {path} ({error.strerror})"
            continue
        if name in known and known[name][0] == seen:
            found[name] = _recalled(path, known[name][1])
            continue
        run, lasting = _read(path)
        if run is not None:
            found[name] = run
            if lasting and touched < settled:
                fresh[name] = (seen, _content(run))
    gone = known.keys() - found.keys()
    if fresh or gone:
        keep(cache, place, fresh, gone)
    runs = [run for run in found.values() if isinstance(run, Listed)]
    runs.sort(key=lambda run: (run.created, run.name), reverse=True)
    troubles = (run for _, run in sorted(found.items()) if isinstance(run, str))
    return Index(tuple(runs), tuple(troubles))


def folder_of_runs(folder: Path) -> Path:
    """Return where the run folders of a folder are: in `runs` below it if it is a campaign's."""
    return folder / "runs" if (folder / CAMPAIGN_FILES[0]).is_file() else folder


def is_run_folder(folder: Path) -> bool:
    """Return whether a folder holds any file that only a run writes."""
    try:
        return any((folder / name).exists() for name in RUN_FILES)
    except OSError:  # not permitted
        return False


def subfolders(folder: Path) -> list[str]:
    """Return the names of the folders in a folder.

    Raises:
        DawnbenchError: there is no such folder, or it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if _is_folder(entry)]
    except FileNotFoundError as error:
        raise DawnbenchError(
            f"there is no folder {folder}; name the folder in which `dawnbench run` made its run folders"
        ) from error
    except OSError as error:
        raise DawnbenchError(f"cannot list the runs in {folder} ({error.strerror})") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circular link
        return False


def stamp(folder: Path, files: Sequence[str]) -> tuple[str, int]:
    """Return a text that changes whenever one of these files changes, and when they last changed.

    The time is in nanoseconds since 1970. A missing file counts as one more state.

    Raises:
        OSError: a file's status cannot be read.
    """
    parts, touched = [], 0
    for name in files:
        try:
            seen = (folder / name).stat()
        except (FileNotFoundError, NotADirectoryError):
            parts.append("-")
        else:
            # A copy may preserve size and modification time, but not the other two.
            parts.append(f"{seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns} {seen.st_ino}")
            touched = max(touched, seen.st_mtime_ns, seen.st_ctime_ns)
    return "; ".join(parts), touched


def _read(folder: Path) -> tuple[Listed | str | None, bool]:
    """Return the run, or a sentence, or None for any other folder; and whether that may be cached.

    It may not if the run is still going, or if the system refused to read a file, which no stamp shows.
    """
    if not is_run_folder(folder):
        return None, True
    if not (folder / "run.json").exists():
        return f"{folder} has no run.json: its run is just starting, or was stopped while starting", True
    try:
        run = read_listed(folder)
        # A running one may die without changing any file.
        return run, run.status != "running"
    except DawnbenchError as error:
        return str(error), not isinstance(error.__cause__, OSError)


def _content(run: Listed | str) -> str:
    if isinstance(run, str):
        return json.dumps(run)
    return json.dumps([astuple(run.identity), *(getattr(run, name) for name in _KEPT_FIELDS)])


def _recalled(folder: Path, content: str) -> Listed | str:
    kept = json.loads(content)
    if isinstance(kept, str):
        return kept
    identity, *values = kept
    known = dict(zip(_IDENTITY_FIELDS, identity, strict=True))
    known["changed"] = tuple(known["changed"])
    return Listed(
        folder.name, folder, identity=RunIdentity(**known), **dict(zip(_KEPT_FIELDS, values, strict=True))
    )
