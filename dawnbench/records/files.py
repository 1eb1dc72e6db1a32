"""The only ways in which files are read that others made, and in which documents are put on the disk."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import encodable

try:
    import fcntl
except ImportError:  # Windows: two processes may do the same work at once
    fcntl = None  # type: ignore[assignment]

DOCUMENT_LIMIT = 64_000_000
"""Bytes of a file that holds one thing: run.json, a baseline, a settings file. They have up to 100 kB."""
LINES_LIMIT = 1_000_000_000
"""Bytes of trials.jsonl and of epochs.jsonl: 2,000 trials of 50 epochs have 40 MB."""
SAMPLES_LIMIT = 8_000_000_000
"""Bytes of telemetry.jsonl: a day of 20 samples a second has 1.2 GB."""

_GROWTH = 1_000_000
"""Bytes that a file may gain between being looked at and being read."""
_BUFFER = 2**16
"""Bytes that are read or written at once: Python's 8 kB make 10,000 calls to the system for a long file."""
_OPEN = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_LOCK = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_APPEND
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)

SITE_MANIFEST = "dawnbench-site.json"
_OWN_FOLDERS = {"run folder": ("run.json", "trials.jsonl"), "site": (SITE_MANIFEST,)}
"""The files by which a folder is known that others may have made, and that nothing is written out of."""


def open_regular(path: Path, limit: int) -> IO[bytes]:
    """Open a file, or what a link to a file leads to, for reading; never wait for a writer.

    Raises:
        OSError: it cannot be opened, is a pipe, a device, a socket or a folder, or is larger
            than `limit` bytes.
    """
    _check_readable(path, path.stat(), limit)  # first, since opening a device may already do something
    file = os.fdopen(os.open(path, _OPEN), "rb", _BUFFER)
    try:
        _check_readable(path, os.fstat(file.fileno()), limit)
    except OSError:
        file.close()
        raise
    return file


def read_bytes(path: Path, limit: int) -> bytes:
    """Return what a file holds; see `open_regular`.

    Raises:
        OSError: it cannot be read, is not a regular file, or has more than `limit` bytes.
    """
    with open_regular(path, limit) as file:
        # Files of /proc have no size and may have no end.
        content = file.read(min(os.fstat(file.fileno()).st_size + _GROWTH, limit + 1)) or b""
    if len(content) > limit:
        raise _too_large(path, len(content), limit)
    return content


def write(content: str | bytes | Iterable[str], path: Path) -> None:
    """Write a text or its parts as UTF-8, or bytes, and make the folders on the way.

    An older file is replaced in one step.

    Half of a surrogate pair, which stands for a byte of a file's name that is not UTF-8, is escaped.

    Raises:
        DawnbenchError: the disk does not take it, or `path` is refused (see `replacing`); an older file is
            then as it was.
    """
    parts = (content,) if isinstance(content, str | bytes) else content
    try:
        with replacing(path) as file:
            for part in parts:
                file.write(encodable(part).encode() if isinstance(part, str) else part)
    except OSError as error:
        raise DawnbenchError(
            f"cannot write {path}: {error.strerror or error}; make room or name another file"
        ) from error


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a new file to write to, which takes the place of `path` where the block ends without an error.

    Two processes may do so at once: the last one wins. The file's `name` is where it lies until then.

    Raises:
        DawnbenchError: see `check_target`.
        OSError: `path` is a folder, or the disk does not take it; an older file is then as it was.
    """
    check_target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are readable by their owner alone, whatever the umask allows.
    partial = path.parent / f".dawnbench-{uuid.uuid4().hex}.partial"
    try:
        with partial.open("xb", _BUFFER) as file:  # which fails where a link of that name lies
            yield file
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def check_target(path: Path) -> None:
    """Check that what is written to `path` ends up there; for a library that opens its file itself.

    Raises:
        DawnbenchError: `path` is a link, a pipe or a device, or see `check_way`.
        IsADirectoryError: it is a folder.
    """
    mode = path.lstat().st_mode if os.path.lexists(path) else stat.S_IFREG
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "a pipe or a device"
        raise DawnbenchError(f"{path} is {kind} and is not written to; remove it or name another file")
    check_way(path)


def check_way(path: Path) -> None:
    """Check that no link within a run folder or a site leads the way to `path` out of it.

    Raises:
        DawnbenchError: one does.
    """
    with_links = path.parent.absolute() / path.name
    for folder in with_links.parents:
        # Who writes `..` means to leave the folder.
        if ".." in with_links.relative_to(folder).parts:
            continue
        for kind, names in _OWN_FOLDERS.items():
            if not all(os.path.lexists(folder / name) for name in names):
                continue
            place = with_links.parent.resolve()
            if not place.is_relative_to(folder.resolve()):
                raise DawnbenchError(
                    f"{path} is not touched: a link in the {kind} {folder} leads out of it, to {place}; "
                    "remove the link or name another file"
                )


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold the file `lock` against other processes: those that download, or that make a store.

    The system lets go of it when its holder dies. Where no lock can be had (a read-only or odd file system, a
    link or a pipe of that name), nothing is held.
    """
    with ExitStack() as stack:
        if fcntl is not None:
            with suppress(OSError):
                lock.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(os.fdopen(os.open(lock, _LOCK, 0o666), "ab"))
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_readable(path: Path, seen: os.stat_result, limit: int) -> None:
    if stat.S_ISDIR(seen.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(seen.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device and not a file", str(path))
    if seen.st_size > limit:
        raise _too_large(path, seen.st_size, limit)


def _too_large(path: Path, size: int, limit: int) -> OSError:
    why = f"it has {size / 1e6:,.0f} MB, more than the {limit / 1e6:,.0f} MB that are read of such a file"
    return OSError(errno.EFBIG, why, str(path))
