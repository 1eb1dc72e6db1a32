"""The data folders on disk, and writing decoded data sets to them."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from dawnbench.data.dataset import Array
from dawnbench.user_folders import expanded

ENVIRONMENT = "DAWNBENCH_DATA"


def data_folders(cache: Path | None = None) -> tuple[Path, ...]:
    """Return the folders that are searched for a data set; the first is also written to.

    In order: `cache`, the folder that the environment variable DAWNBENCH_DATA names, and `dawnbench` in
    XDG_CACHE_HOME or ~/.cache, if the user has a home folder.

    Raises:
        DawnbenchError: one of the first two starts with `~` and there is no home folder.
    """
    named = os.environ.get(ENVIRONMENT)
    home = os.environ.get("XDG_CACHE_HOME")
    folders = [
        *([expanded(cache)] if cache is not None else []),
        *([expanded(named)] if named else []),
    ]
    with suppress(RuntimeError):
        folders.append((Path(home) if home else Path("~/.cache").expanduser()) / "dawnbench")
    return tuple(dict.fromkeys(folders))


def save_decoded(path: Path, arrays: Mapping[str, Array]) -> bool:
    """Write `arrays` atomically as an uncompressed .npz; return whether that succeeded.

    A folder that is not writable only causes a warning: training needs the arrays, not the file.
    """
    # Not tempfile, whose files only their owner can read: a data folder is often shared.
    partial = path.with_name(f".{path.stem}-{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub declares a keyword of its own
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        warnings.warn(
            f"the decoded data could not be saved to {path} ({error.strerror or error}); this run continues, "
            f"and the next one decodes again: set {ENVIRONMENT} to a writable folder",
            stacklevel=2,
        )
        return False
    return True


def is_file(path: Path) -> bool:
    """Return whether `path` is a file; False if the system denies access."""
    try:
        return path.is_file()
    except OSError:
        return False
