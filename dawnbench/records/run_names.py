"""Finds the run that a user names: by its path, as `latest`, or by part of its folder's name.

A path that exists wins. Otherwise the last part of the name is looked up among the run folders in the folder
before it, or in `runs` if there is none: `latest`, `latest~1` (the run before it), the folder's name or how
it begins, or the six hexadecimal digits at its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from glob import has_magic
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.index import folder_of_runs, index_runs, is_run_folder, subfolders

RUNS = Path("runs")
"""Where `dawnbench run` puts run folders unless told otherwise, and where bare names are looked up."""
LATEST = "latest"
MAX_NAMED = 5
"""Runs that a sentence names; the others are only counted."""

_LATEST = re.compile(rf"{LATEST}(?:~(\d{{1,9}}))?")
_DIGITS = re.compile(r"[0-9a-f]{6}")
_LIKE_A_RUN = re.compile(r"\d{4}.*|[0-9a-f]{6}|late.*|last.*")


def run_folder(name: str | Path) -> Path:
    """Return the folder of the one run that a name means.

    A name that means nothing is returned as a path, for the reader to say what is wrong with it, unless there
    are runs where it was looked up.

    Raises:
        DawnbenchError: no run has this name, several do, or it is a folder of runs.
    """
    path = Path(name)
    if path.exists():
        _check_single(path)
        return path
    found = named_run(name)
    if found is not None:
        return found
    folder, wanted = _place(name)
    names = run_names(folder) if folder.is_dir() and path.suffix != ".json" else []
    if not names:
        return path
    raise DawnbenchError(f"there is no run called {wanted} in {folder}; {_hint(wanted, names)}")


def named_run(name: str | Path) -> Path | None:
    """Return the run folder that a name means which is not a path; None if no run has this name.

    Raises:
        DawnbenchError: several runs match the name, or there are too few runs for `latest~N`.
    """
    folder, wanted = _place(name)
    if (back := _LATEST.fullmatch(wanted)) is not None:
        return _latest(folder, int(back[1] or 0))
    if not wanted or has_magic(wanted) or not folder.is_dir():
        return None
    names = run_names(folder)
    if wanted in names:
        return folder / wanted
    is_digits = _DIGITS.fullmatch(wanted) is not None
    fitting = [one for one in names if one.startswith(wanted) or (is_digits and one.endswith(f"-{wanted}"))]
    if len(fitting) > 1:
        raise DawnbenchError(
            f"{len(fitting)} runs in {folder} fit the name {wanted}: {_listed(fitting)}; "
            "write more of the name, or the six digits at its end"
        )
    return folder / fitting[0] if fitting else None


def run_names(folder: Path) -> list[str]:
    """Return the names of the run folders in a folder, in reverse alphabetical order.

    They begin with the time, so the newest run comes first unless folders were renamed.
    """
    return sorted((name for name in subfolders(folder) if is_run_folder(folder / name)), reverse=True)


def is_like_run_name(name: str) -> bool:
    """Return whether a name that nothing has is more likely meant for a run than for a recipe."""
    return _LIKE_A_RUN.fullmatch(name) is not None


def _check_single(path: Path) -> None:
    """Refuse a folder of run folders, and name the newest ones in it."""
    if not path.is_dir() or is_run_folder(path):
        return
    names = [run.name for run in index_runs(path).runs]
    if not names:
        return
    latest = LATEST if path == RUNS else path / LATEST
    which = f"the newest are {_listed(names)}" if len(names) > 1 else f"it has only {names[0]}"
    raise DawnbenchError(f"{path} is a folder of runs and not a run; {which}; {latest} means the newest")


def _latest(folder: Path, back: int) -> Path:
    """Return the newest run in a folder, or the one `back` before it, in the order of `dawnbench runs`."""
    runs = index_runs(folder).runs if folder.is_dir() else ()
    if back < len(runs):
        return runs[back].folder
    wanted = f"{LATEST}~{back}" if back else LATEST
    if not runs:
        where = f"there is no run in {folder}" if folder.is_dir() else f"there is no folder {folder}"
        raise DawnbenchError(f"{where}, so nothing is {wanted}; `dawnbench run` makes a run")
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    oldest = f"{LATEST}~{len(runs) - 1}" if len(runs) > 1 else LATEST
    raise DawnbenchError(f"there is no {wanted} in {folder}, which has {count}; {oldest} is the oldest")


def _hint(wanted: str, names: Sequence[str]) -> str:
    """Return which run a name that none has may be meant for."""
    # All names begin alike, so each is also compared without its time, and by its digits alone.
    known = {part: one for one in names for part in (one.rpartition("-")[2], one.partition("-")[2], one)}
    known[LATEST] = LATEST
    near = get_close_matches(wanted, known, n=1, cutoff=0.6)
    return f"did you mean {known[near[0]]}?" if near else f"it has {_listed(names)}"


def _place(name: str | Path) -> tuple[Path, str]:
    """Return the folder in which a name is looked up, and the name within it."""
    path = Path(name)
    return folder_of_runs(RUNS if path.name == str(name) else path.parent), path.name


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
