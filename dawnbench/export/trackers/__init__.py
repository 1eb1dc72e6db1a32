"""Experiment trackers: write a run, during it or afterwards, into the stores of other tools.

Importing this module imports no tracker library.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers.tracker import Tracker, require

if TYPE_CHECKING:
    from dawnbench.records.reader import Run

_CLASSES = {"tensorboard": "TensorBoard", "trackio": "Trackio", "wandb": "Wandb", "mlflow": "Mlflow"}

TRACKERS = tuple(_CLASSES)
"""The tracker names; each is also the name of its package and of the extra that installs it."""


def default_store(runs: Path, name: str) -> Path:
    """Return where a tracker keeps all runs of a folder of run folders."""
    return runs / "tracking" / name


def open_tracker(name: str, store: Path) -> Tracker:
    """Return a tracker that will write into a folder; nothing is imported or written yet.

    Raises:
        DawnbenchError: there is no such tracker, its package is not installed, or it cannot use the folder.
    """
    if name not in _CLASSES:
        raise DawnbenchError(f"there is no tracker {name}; the trackers are {', '.join(TRACKERS)}")
    require(name)
    module = import_module(f"dawnbench.export.trackers.{name}")
    return cast(Tracker, getattr(module, _CLASSES[name])(store))


def replay(run: Run, name: str, out: Path | None = None) -> str:
    """Write a run folder into a tracker's store, replacing an older version of that run.

    `out` is the store; by default `tracking/NAME` next to the run folder. Returns a sentence that says where
    the run is and how to look at it.

    Raises:
        DawnbenchError: there is no such tracker, its package is not installed, it refuses the run, or
            the run folder is damaged.
        OSError: the store cannot be written.
    """
    from dawnbench.export.trackers.playback import play

    # The name of a folder called . or .. does not give its parent.
    named = run.folder if run.folder.name not in ("", "..") else run.folder.resolve()
    tracker = open_tracker(name, default_store(named.parent, name) if out is None else out)
    try:
        return f"{name}: {play(run, tracker)}"
    except (DawnbenchError, OSError):
        raise
    except Exception as error:
        raise DawnbenchError(f"{name} did not take the run {run.folder}: {brief(error)}") from error


def brief(error: Exception) -> str:
    """Return the first line of a library's error message."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
