"""Determines the memory that the arrays of an .npz file need, from their headers."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from numpy.lib import format as npy

from dawnbench.errors import DawnbenchError

ADVICE = "close other programs that use memory, or save fewer or smaller images"


def check_members(archive: zipfile.ZipFile, keys: Sequence[str], path: Path, remedy: str) -> None:
    """Reject arrays that contain Python objects, are truncated, or need more memory than is free.

    A member whose header cannot be read passes: reading it will report why. `remedy` tells what to do about a
    damaged file.

    Raises:
        DawnbenchError: as above.
    """
    total = 0
    for key in keys:
        try:
            name = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
            shape, dtype = _header(archive, name)
            held = archive.getinfo(name).file_size
        except Exception:  # a damaged zip can make its reader raise nearly anything
            continue
        if dtype.hasobject:
            raise DawnbenchError(
                f"{key} of {path} is an array of Python objects, which could run code when loaded; "
                "save it with a number type, and images of one size"
            )
        claimed = math.prod(shape) * dtype.itemsize
        if claimed > held:
            raise DawnbenchError(
                f"{key} of {path} is damaged (its header says {claimed:,} bytes but there are {held:,}); "
                f"{remedy}"
            )
        total += claimed
    free = int(psutil.virtual_memory().available)
    if total > free:
        raise DawnbenchError(
            f"{path} does not fit into memory: it unpacks to {total / 1e9:.1f} GB and "
            f"{free / 1e9:.1f} GB is free; {ADVICE}"
        )


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], Any]:
    """Return shape and dtype of a member."""
    with archive.open(name) as member:
        version = npy.read_magic(member)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(member)
    return shape, dtype
