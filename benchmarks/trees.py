"""The package at an earlier revision and as it is now, each in a folder of its own."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

from benchmarks.processes import ROOT, last_line
from dawnbench.errors import DawnbenchError

PACKAGE = "dawnbench"


def unpack_revision(revision: str, folder: Path, repository: Path = ROOT) -> str:
    """Write the package as it was at `revision` into the folder; return the commit's first 10 digits.

    Raises:
        DawnbenchError: git has no such revision, or the package is not in it.
    """
    commit = _git(repository, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    packed = _git(repository, "archive", "--format=zip", commit.decode().strip(), PACKAGE)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    return commit.decode()[:10]


def copy_working_tree(folder: Path, repository: Path = ROOT) -> None:
    """Write the package as it is now into the folder, so that both sides are alike and nobody edits one."""
    shutil.copytree(repository / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))


def _git(repository: Path, *arguments: str) -> bytes:
    command = ["git", "--no-optional-locks", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise DawnbenchError("git is needed to get the revision; install it") from error
    if done.returncode:
        raise DawnbenchError(
            f"git does not give {PACKAGE} at {arguments[-1].removesuffix('^{commit}')!r} "
            f"({last_line(done.stderr.decode(errors='replace'))}); name a commit, a tag or a branch"
        )
    return done.stdout
