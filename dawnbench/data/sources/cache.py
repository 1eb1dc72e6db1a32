"""Where data sets lie on disk, and how a decoded one is put there."""

from __future__ import annotations

import contextlib
import os
import uuid
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from dawnbench.data.dataset import Array
from dawnbench.user_folders import expanded

try:
    import fcntl
except ImportError:  # Windows: two processes may fetch the same file twice, and both get it right
    fcntl = None  # type: ignore[assignment]

ENVIRONMENT = "DAWNBENCH_DATA"


def data_folders(cache: Path | None = None) -> tuple[Path, ...]:
    """Return the folders that are searched for a data set, the one that is written to first.

    In order: `cache`, the folder that the environment variable DAWNBENCH_DATA names, and `dawnbench` in
    XDG_CACHE_HOME or ~/.cache, if the user has a home folder.

    Raises:
        DawnbenchError: one of the first two begins with `~` and there is no home folder.
    """
    named = os.environ.get(ENVIRONMENT)
    home = os.environ.get("XDG_CACHE_HOME")
    folders = [
        *([expanded(cache)] if cache is not None else []),
        *([expanded(named)] if named else []),
    ]
    with contextlib.suppress(RuntimeError):
        folders.append((Path(home) if home else Path("~/.cache").expanduser()) / "dawnbench")
    return tuple(dict.fromkeys(folders))


def save_decoded(path: Path, arrays: Mapping[str, Array]) -> bool:
    """Write `arrays` as an uncompressed .npz, whole or not at all; return whether it is there.

    A folder that cannot be written to is a warning: the training needs the arrays, not the file.
    """
    # Not tempfile: its files are readable by their owner alone, and a data folder is often shared.
    partial = path.with_name(f".{path.stem}-{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy types a keyword of its own
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        warnings.warn(
            f"the decoded data could not be kept in {path} ({error.strerror or error}); this run goes on, "
            f"and the next one decodes again: set {ENVIRONMENT} to a folder that can be written to",
            stacklevel=2,
        )
        return False
    return True


def is_file(path: Path) -> bool:
    """Return whether `path` is a file; a path that the system refuses to look at is none."""
    try:
        return path.is_file()
    except OSError:
        return False


@contextlib.contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold `lock` against other processes, so that the ranks of one job do not all download.

    The system lets go of it when its holder dies. Where no lock can be had (a read-only or odd file system),
    nothing is held.
    """
    with contextlib.ExitStack() as stack:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                lock.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(lock.open("ab"))
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
