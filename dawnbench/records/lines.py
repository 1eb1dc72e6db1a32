"""A line-based file that grows while others read it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class LineFile:
    """Appends lines either completely or not at all, even if interrupted.

    Every method raises OSError if the system does.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, creating it if necessary."""
        self.path = path
        # Unbuffered: what a full disk refused must not be written later, after other lines.
        self._file = path.open("ab", buffering=0)
        self._opened = os.fstat(self._file.fileno())
        self._end_torn_line()

    def append(self, text: str, force: bool) -> None:
        """Write lines; with `force` they are on the disk when this returns.

        An interrupt leaves them in place if they are complete, and propagates.
        """
        data, before = text.encode(), os.fstat(self._file.fileno()).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            if force:
                os.fsync(self._file.fileno())
        except BaseException as error:
            with suppress(OSError):
                whole = os.fstat(self._file.fileno()).st_size == before + len(data)
                if isinstance(error, OSError) or not whole:
                    self._file.truncate(before)
            raise

    def _end_torn_line(self) -> None:
        """End the line that an earlier writer was killed in, so that the next one is not lost with it."""
        if self._opened.st_size:
            with self.path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                torn = file.read() != b"\n"
            if torn:
                self._file.write(b"\n")

    def is_in_place(self) -> bool:
        """Return whether the path still leads to this file, which ends when its folder is deleted."""
        try:
            return os.path.samestat(self.path.stat(), self._opened)
        except OSError:  # also a network file system that is gone
            return False

    def lock(self) -> bool:
        """Keep other processes from locking the file until it is closed; return False if one has locked it.

        A file system without locks allows any number.
        """
        if fcntl is not None:
            try:
                fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            except OSError:
                pass
        return True

    def close(self) -> None:
        """Close the file; a second call has no effect."""
        self._file.close()
