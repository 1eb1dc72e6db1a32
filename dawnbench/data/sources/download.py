"""Downloads a published data set through torchvision, which knows the addresses and the checksums."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import pickle
import shutil
import socket
import ssl
import tarfile
import urllib.error
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dawnbench.data.dataset import Array
from dawnbench.data.sources.names import Official
from dawnbench.errors import DawnbenchError

# What torchvision and its readers raise for an incomplete file. The first is also an OSError, so these are
# caught before network and disk errors.
DAMAGED = (
    gzip.BadGzipFile,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    AssertionError,
    tarfile.TarError,
    zlib.error,
    pickle.UnpicklingError,
    http.client.HTTPException,
)
NETWORK = (urllib.error.URLError, ConnectionError, TimeoutError, ssl.SSLError)
SILENCE_SECONDS = 60
"""Timeout for a silent server; torchvision itself would wait forever."""


def download(official: Official, root: Path, remedy: str) -> dict[str, Array]:
    """Download the data set into `root`, which may be emptied, and return it in the Keras layout.

    A damaged download is discarded and repeated once. `remedy` tells a user without a network what to do.

    Raises:
        DawnbenchError: There is no network, no disk space, or the second download is damaged too.
    """
    dataset_class = _dataset_class(official)
    try:
        with _socket_timeout(SILENCE_SECONDS):
            try:
                return _read(dataset_class, root)
            except DAMAGED:
                shutil.rmtree(root, ignore_errors=True)
                root.mkdir(parents=True)
                return _read(dataset_class, root)
    except DAMAGED as error:
        raise DawnbenchError(
            f"{official.name} could not be downloaded intact in two attempts ({_reason(error)}); {remedy}"
        ) from error
    except NETWORK as error:
        raise DawnbenchError(
            f"{official.name} could not be downloaded ({_reason(error)}); {remedy}"
        ) from error
    except OSError as error:
        raise DawnbenchError(
            f"{official.name} could not be unpacked in {root} ({_reason(error)}); free space there, or set "
            "DAWNBENCH_DATA to a folder with 600 MB free"
        ) from error


def read_torchvision_folder(official: Official, root: Path, remedy: str) -> dict[str, Array]:
    """Return the data set in the Keras layout from files that the user placed in `root`.

    Raises:
        DawnbenchError: The files are damaged, or incomplete and cannot be completed; they are never removed.
    """
    dataset_class = _dataset_class(official)
    try:
        with _socket_timeout(SILENCE_SECONDS):
            return _read(dataset_class, root)
    except (*DAMAGED, OSError) as error:
        raise DawnbenchError(
            f"{official.name} cannot be read from {root / official.archive} ({_reason(error)}); "
            f"remove {root / official.archive}, or {remedy}"
        ) from error


def _dataset_class(official: Official) -> Any:
    try:
        import torchvision.datasets
    except (ImportError, RuntimeError) as error:
        raise DawnbenchError(
            f"torchvision, which downloads {official.name}, cannot be imported ({_reason(error)}); "
            "install the torchvision that matches your torch"
        ) from error
    return getattr(torchvision.datasets, official.torchvision_class)


def _read(dataset_class: Any, root: Path) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    with warnings.catch_warnings():
        # CIFAR's files were pickled in 2009 by a numpy whose dtypes newer versions warn about.
        warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
        for split in ("train", "test"):
            part = dataset_class(root, train=split == "train", download=True)
            arrays[f"x_{split}"] = np.ascontiguousarray(part.data, dtype=np.uint8)
            arrays[f"y_{split}"] = np.asarray(part.targets, dtype=np.int64)
    return arrays


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
