"""The only ways to read files that others made, and to write documents to disk."""

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
"""Bytes of a single document: run.json, a baseline, a settings file. They take up to 100 kB."""
LINES_LIMIT = 1_000_000_000
"""Bytes of trials.jsonl and of epochs.jsonl: 2,000 trials of 50 epochs take 40 MB."""
SAMPLES_LIMIT = 8_000_000_000
"""Bytes of telemetry.jsonl: a day at 20 samples per second takes 1.2 GB."""

PARTIAL = ".dawnbench-*.partial"
"""The name of a file that is being written, with a star for what makes it unique."""
_GROWTH = 1_000_000
"""Bytes that a file may grow by between being examined and being read."""
_BUFFER = 2**16
"""Bytes read or written at once; with Python's 8 kB a long file takes 10,000 system calls."""
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
CAMPAIGN_FILES = ("campaign.json", "attempts.jsonl")
_OWN_FOLDERS = {
    "run folder": ("run.json", "trials.jsonl"),
    "campaign's folder": CAMPAIGN_FILES,
    "site": (SITE_MANIFEST,),
}
"""Files that identify folders which others may have made; no link in them may lead a write outside."""


def open_regular(path: Path, limit: int) -> IO[bytes]:
    """Open a file, or the target of a link to a file, for reading; never wait for a writer.

    Raises:
        OSError: it cannot be opened, is a pipe, a device, a socket or a folder, or is larger
            than `limit` bytes.
    """
    _check_readable(path, path.stat(), limit)  # first, since merely opening a device may have an effect
    file = os.fdopen(os.open(path, _OPEN), "rb", _BUFFER)
    try:
        _check_readable(path, os.fstat(file.fileno()), limit)
    except OSError:
        file.close()
        raise
    return file


def read_bytes(path: Path, limit: int) -> bytes:
    """Return a file's content; see `open_regular`.

    Raises:
        OSError: it cannot be read, is not a regular file, or has more than `limit` bytes.
    """
    with open_regular(path, limit) as file:
        # Files in /proc report a size of 0 and may be endless.
        content = file.read(min(os.fstat(file.fileno()).st_size + _GROWTH, limit + 1)) or b""
    if len(content) > limit:
        raise _too_large(path, len(content), limit)
    return content


def write(content: str | bytes | Iterable[str], path: Path) -> None:
    """Write text, or its parts, as UTF-8, or bytes; create missing parent folders.

    An existing file is replaced atomically. A lone surrogate, which stands for a byte of a file name that is
    not UTF-8, is escaped.

    Raises:
        DawnbenchError: the file cannot be written, or `path` is refused (see `replacing`); an existing file
            is then unchanged.
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
    """Provide a new file to write to; it replaces `path` if the block ends without an error.

    Two processes may do so at once: the last one wins. Until then the file is at its `name`.

    Raises:
        DawnbenchError: see `check_target`.
        OSError: `path` is a folder, or the file cannot be written; an existing file is then unchanged.
    """
    check_target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # tempfile's files are readable only by their owner, whatever the umask allows.
    partial = path.parent / PARTIAL.replace("*", uuid.uuid4().hex)
    try:
        with partial.open("xb", _BUFFER) as file:  # "x" fails if a link of that name exists
            yield file
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def check_target(path: Path) -> None:
    """Check that what is written to `path` ends up there; for libraries that open their files themselves.

    Raises:
        DawnbenchError: `path` is a link, a pipe or a device, or is refused by `check_way`.
        IsADirectoryError: it is a folder.
    """
    mode = path.lstat().st_mode if os.path.lexists(path) else stat.S_IFREG
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "a pipe or a device"
        raise DawnbenchError(f"{path} is {kind}, so nothing was written; remove it or name another file")
    check_way(path)


def check_way(path: Path) -> None:
    """Check that no link within a run folder or a site takes `path` outside it.

    Raises:
        DawnbenchError: one does.
    """
    with_links = path.parent.absolute() / path.name
    for folder in with_links.parents:
        # Anyone who writes `..` means to leave the folder.
        if ".." in with_links.relative_to(folder).parts:
            continue
        for kind, names in _OWN_FOLDERS.items():
            if not all(os.path.lexists(folder / name) for name in names):
                continue
            place = with_links.parent.resolve()
            if not place.is_relative_to(folder.resolve()):
                raise DawnbenchError(
                    f"{path} was left alone: a link in the {kind} {folder} leads outside it, to {place}; "
                    "remove the link or name another file"
                )


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold the file `lock`, so that only one process downloads or makes a store at a time.

    The system releases it when its holder dies. If it cannot be locked (a read-only or unusual file system, a
    link or a pipe of that name), the block runs without a lock.
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
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
    if seen.st_size > limit:
        raise _too_large(path, seen.st_size, limit)


def _too_large(path: Path, size: int, limit: int) -> OSError:
    why = f"it has {size / 1e6:,.0f} MB, more than the limit of {limit / 1e6:,.0f} MB for such a file"
    return OSError(errno.EFBIG, why, str(path))
