"""The state of a git checkout."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 5.0


@dataclass(frozen=True)
class Checkout:
    """The code in a folder."""

    commit: str
    """All 40 digits (64 in a SHA-256 repository)."""
    dirty: bool
    """Whether tracked files differ from the commit, as in `git describe --dirty`."""


def read_checkout(folder: Path) -> Checkout | None:
    """Return the checkout that contains the folder; None if git is missing, too slow, or finds none."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    if commit is None or changes is None:
        return None
    return Checkout(commit.strip(), bool(changes.strip()))


def _git(folder: Path, *arguments: str) -> str | None:
    # Without optional locks a run cannot interfere with the user's git commands.
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
