"""An .npz file in the Keras layout: x_train, y_train, x_test, y_test, and maybe classes."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import MAGIC_PREFIX

from dawnbench.data.dataset import Array, Dataset, make_dataset
from dawnbench.data.sources.npz_size import ADVICE, check_members
from dawnbench.errors import DawnbenchError

KEYS = ("x_train", "y_train", "x_test", "y_test")
CLASSES = "classes"
LAYOUT = f"{', '.join(KEYS)}, uint8 images and integer labels"


def load_npz(
    path: Path,
    *,
    source: str | None = None,
    classes: Sequence[str] | None = None,
    remedy: str = "write it again with numpy.savez",
) -> Dataset:
    """Read `path`; `remedy` is what to do about a damaged file, as the user's next step.

    `x_*` are uint8, (N, height, width[, channels]); `y_*` are integers, (N,) or (N, 1). A fifth array,
    `classes`, may name the classes; `classes` given here goes first. Nothing in the file is ever unpickled.

    Raises:
        DawnbenchError: The file is missing, damaged or laid out in another way.
    """
    arrays = read_npz(path, remedy)
    if classes is None and CLASSES in arrays:
        classes = _names(arrays[CLASSES], path)
    return from_keras_layout(
        arrays, source=str(path) if source is None else source, classes=classes, where=str(path)
    )


def from_keras_layout(
    arrays: Mapping[str, Array], *, source: str, classes: Sequence[str] | None, where: str | None = None
) -> Dataset:
    """Return the data set of the arrays x_train, y_train, x_test and y_test; see `make_dataset`."""
    return make_dataset(
        source,
        train_images=arrays["x_train"],
        train_labels=arrays["y_train"],
        test_images=arrays["x_test"],
        test_labels=arrays["y_test"],
        classes=classes,
        where=where,
    )


def read_npz(path: Path, remedy: str) -> dict[str, Array]:
    """Return the arrays of the Keras layout that `path` holds, as they are; raises as `load_npz`."""
    _check_file(path, remedy)
    try:
        archive = np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged zip can make its reader raise nearly anything
        raise DawnbenchError(f"{path} is not a whole .npz file ({_reason(error)}); {remedy}") from error
    with archive:
        missing = [key for key in KEYS if key not in archive.files]
        if missing:
            raise DawnbenchError(
                f"{path} has no {' and no '.join(missing)}, it has {', '.join(archive.files) or 'no array'}; "
                f"save it with the keys {', '.join(KEYS)}"
            )
        wanted = [*KEYS, *(key for key in (CLASSES,) if key in archive.files)]
        check_members(archive.zip, wanted, path, remedy)
        return {key: _read_array(archive, key, path, remedy) for key in wanted}


def _check_file(path: Path, remedy: str) -> None:
    """Refuse what is not a regular file, which may never end, and what numpy would take for a pickle."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DawnbenchError(f"{path} is a folder, not an .npz file; name the file in it")
        if not stat.S_ISREG(mode):
            raise DawnbenchError(f"{path} is a pipe or a device, not an .npz file; name a regular file")
        with path.open("rb") as file:
            begin = file.read(len(MAGIC_PREFIX))
    except FileNotFoundError as error:
        raise DawnbenchError(f"there is no file {path}; give the path of an .npz file") from error
    except PermissionError as error:
        raise DawnbenchError(f"{path} may not be read; allow it with chmod") from error
    except OSError as error:
        raise DawnbenchError(f"cannot read {path} ({error.strerror}); name an .npz file") from error
    if begin == MAGIC_PREFIX:
        raise DawnbenchError(
            f"{path} holds one bare array; save {', '.join(KEYS)} in one .npz with numpy.savez"
        )
    if not begin.startswith(b"PK"):
        why = "it is not a zip archive" if begin else "it is empty"
        raise DawnbenchError(f"{path} is not a whole .npz file ({why}); {remedy}")


def _read_array(archive: Any, key: str, path: Path, remedy: str) -> Array:
    try:
        array = archive[key]
    except MemoryError as error:
        raise DawnbenchError(f"{key} of {path} does not fit into memory; {ADVICE}") from error
    except Exception as error:  # see above; this is also where the zip's checksums are compared
        raise DawnbenchError(f"{key} of {path} is damaged ({_reason(error)}); {remedy}") from error
    if not isinstance(array, np.ndarray):
        raise DawnbenchError(f"{key} of {path} is not a numpy array; {remedy}")
    return array


def _names(array: Array, path: Path) -> tuple[str, ...]:
    if array.dtype.kind != "U" or array.ndim != 1:
        raise DawnbenchError(
            f"classes of {path} is {array.dtype} of shape {array.shape}; save one string a class, "
            "as numpy.array([...]), or leave it out"
        )
    try:
        return tuple(array.tolist())
    except (ValueError, SystemError) as error:  # by Python's version, for a code point that there is not
        raise DawnbenchError(f"classes of {path} holds no valid text ({error}); save it again") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
