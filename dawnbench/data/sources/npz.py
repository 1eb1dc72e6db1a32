"""An .npz file in the Keras layout: x_train, y_train, x_test, y_test, and optionally classes."""

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
    """Read `path`; `remedy` tells the user what to do about a damaged file.

    `x_*` are uint8, (N, height, width[, channels]); `y_*` are integers, (N,) or (N, 1). A fifth array,
    `classes`, may name the classes; the argument `classes` takes precedence. Nothing in the file is ever
    unpickled.

    Raises:
        DawnbenchError: The file is missing, damaged or has another layout.
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
    """Return the arrays of the Keras layout in `path` unchanged; raises like `load_npz`."""
    _check_file(path, remedy)
    try:
        archive = np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged zip can make its reader raise nearly anything
        raise DawnbenchError(f"{path} is not a complete .npz file ({_reason(error)}); {remedy}") from error
    with archive:
        missing = [key for key in KEYS if key not in archive.files]
        if missing:
            raise DawnbenchError(
                f"{path} has no {' and no '.join(missing)}, only {', '.join(archive.files) or 'no array'}; "
                f"save it with the keys {', '.join(KEYS)}"
            )
        wanted = [*KEYS, *(key for key in (CLASSES,) if key in archive.files)]
        check_members(archive.zip, wanted, path, remedy)
        return {key: _read_array(archive, key, path, remedy) for key in wanted}


def _check_file(path: Path, remedy: str) -> None:
    """Reject anything but a regular file, which might never end, and what numpy would unpickle."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DawnbenchError(f"{path} is a folder, not an .npz file; give the path of the file in it")
        if not stat.S_ISREG(mode):
            raise DawnbenchError(f"{path} is a pipe or a device, not an .npz file; name a regular file")
        with path.open("rb") as file:
            start = file.read(len(MAGIC_PREFIX))
    except FileNotFoundError as error:
        raise DawnbenchError(f"{path} does not exist; give the path of an .npz file") from error
    except PermissionError as error:
        raise DawnbenchError(f"{path} is not readable; grant access with chmod") from error
    except OSError as error:
        raise DawnbenchError(f"cannot read {path} ({error.strerror}); name an .npz file") from error
    if start == MAGIC_PREFIX:
        raise DawnbenchError(
            f"{path} contains a single bare array; save {', '.join(KEYS)} in one .npz with numpy.savez"
        )
    if not start.startswith(b"PK"):
        why = "it is not a zip archive" if start else "it is empty"
        raise DawnbenchError(f"{path} is not a complete .npz file ({why}); {remedy}")


def _read_array(archive: Any, key: str, path: Path, remedy: str) -> Array:
    try:
        array = archive[key]
    except MemoryError as error:
        raise DawnbenchError(f"{key} of {path} does not fit into memory; {ADVICE}") from error
    except Exception as error:  # see above; the zip's checksums are also verified here
        raise DawnbenchError(f"{key} of {path} is damaged ({_reason(error)}); {remedy}") from error
    if not isinstance(array, np.ndarray):
        raise DawnbenchError(f"{key} of {path} is not a numpy array; {remedy}")
    return array


def _names(array: Array, path: Path) -> tuple[str, ...]:
    if array.dtype.kind != "U" or array.ndim != 1:
        raise DawnbenchError(
            f"classes of {path} is {array.dtype} of shape {array.shape}; save one string per class, "
            "as numpy.array([...]), or omit it"
        )
    try:
        return tuple(array.tolist())
    except (ValueError, SystemError) as error:  # depending on the Python version, for an invalid code point
        raise DawnbenchError(f"classes of {path} is not valid text ({error}); save it again") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
