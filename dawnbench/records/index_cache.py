"""A cache of what run folders held when they were last listed, in one SQLite file per user.

A site also keeps there, under its own key, what its pages were made from and what they found.

Nothing depends on it: if it cannot be read, written or trusted, every folder is read again.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import fields
from pathlib import Path

from dawnbench.records.identity import RunIdentity
from dawnbench.records.listed import Listed
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.user_folders import cache_folder
from dawnbench.version import __version__

Kept = tuple[str, str]
"""A folder's stamp, and what was read at that stamp, as JSON."""

LAYOUT = 1
"""Increment on every change to what is cached that neither the version nor the fields of Listed reveal."""
MAX_ROWS = 200_000
"""Beyond this the folders of other places are dropped, so that the file does not grow forever."""
PATIENCE = 1.0
"""Seconds to wait for another process that is writing."""

# On a damaged file Python's sqlite3 also raises these, over invalid text and values of the wrong type.
_TROUBLES = (OSError, sqlite3.Error, ValueError, TypeError, AttributeError)
_NOT_OF_THE_FILE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}
"""SQLite errors that do not mean a damaged file."""

# user_version is a signed 32-bit number.
_MADE_BY = (
    zlib.crc32(
        repr(
            (LAYOUT, SCHEMA_VERSION, __version__, [f.name for f in (*fields(Listed), *fields(RunIdentity))])
        ).encode()
    )
    >> 1
)


def cache_path() -> Path | None:
    """Return the path of the file in the user's cache folder; None if there is no such folder."""
    folder = cache_folder()
    return None if folder is None else folder / "runs.sqlite"


def recall(path: Path | None, place: str) -> dict[str, Kept]:
    """Return what is cached for the run folders in `place`, by name; nothing if it cannot be read."""
    try:
        with _open(path) as database:
            if not _is_ours(database):
                return {}
            rows = database.execute(
                "SELECT name, stamp, content, checksum FROM runs WHERE place = ?", (os.fsencode(place),)
            )
            return {
                os.fsdecode(name): (stamp, content)
                for name, stamp, content, checksum in rows
                if checksum == _checksum(name, stamp, content)
            }
    except _TROUBLES as error:
        _remove_if_damaged(path, error)
        return {}


def keep(path: Path | None, place: str, changed: Mapping[str, Kept], gone: Collection[str]) -> None:
    """Add or replace what is cached for some run folders in `place` and drop others, as far as possible."""
    key = os.fsencode(place)
    try:
        with _open(path) as database:
            database.execute("BEGIN IMMEDIATE")
            if not _is_ours(database):
                _make_ours(database)
            rows = ((os.fsencode(name), stamp, content) for name, (stamp, content) in changed.items())
            database.executemany(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)",
                ((key, *row, _checksum(*row)) for row in rows),
            )
            database.executemany(
                "DELETE FROM runs WHERE place = ? AND name = ?", ((key, os.fsencode(name)) for name in gone)
            )
            if database.execute("SELECT count(*) FROM runs").fetchone()[0] > MAX_ROWS:
                database.execute("DELETE FROM runs WHERE place != ?", (key,))
            database.execute("COMMIT")
    except _TROUBLES as error:
        _remove_if_damaged(path, error)


@contextmanager
def _open(path: Path | None) -> Iterator[sqlite3.Connection]:
    if path is None:
        raise FileNotFoundError("the user has no cache folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as database:
        yield database


def _is_ours(database: sqlite3.Connection) -> bool:
    """Return whether this version of dawnbench made the table."""
    return bool(database.execute("PRAGMA user_version").fetchone()[0] == _MADE_BY)


def _make_ours(database: sqlite3.Connection) -> None:
    # Names are bytes, since a file system's names need not be valid text.
    database.execute("DROP TABLE IF EXISTS runs")
    database.execute(
        "CREATE TABLE runs (place BLOB, name BLOB, stamp TEXT, content TEXT, checksum INTEGER, "
        "PRIMARY KEY (place, name)) WITHOUT ROWID"
    )
    database.execute(f"PRAGMA user_version = {_MADE_BY}")


def _checksum(name: bytes, stamp: str, content: str) -> int:
    # SQLite detects a damaged page, but not damaged text within it.
    return zlib.crc32(b"\n".join((name, stamp.encode(), content.encode())))


def _remove_if_damaged(path: Path | None, error: Exception) -> None:
    if (
        path is None
        or isinstance(error, OSError)
        or getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_OF_THE_FILE
    ):
        return
    # A leftover journal would be replayed into the next file.
    for file in (path, path.with_name(path.name + "-journal")):
        with suppress(OSError):
            file.unlink()
