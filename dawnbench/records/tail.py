"""A run folder followed while it grows."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import LINES_LIMIT, open_regular
from dawnbench.records.reader import Line, damaged, read_record, validated
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord

_TRIAL, _EPOCH = TypeAdapter(TrialRecord), TypeAdapter(EpochRecord)


class Tail:
    """The lines that a run appends, as they come; a line that is not whole yet waits for its end."""

    def __init__(self, folder: Path) -> None:
        """Open the files of a run folder.

        Raises:
            DawnbenchError: it lacks one of them.
        """
        self._paths = {name: folder / f"{name}.jsonl" for name in ("epochs", "trials")}
        self._files: dict[str, IO[bytes]] = {}
        self._rest = dict.fromkeys(self._paths, b"")
        self._run = folder / "run.json"
        self._record: RunRecord | None = None
        self._seen: tuple[int, ...] | None = None
        try:
            for name, path in self._paths.items():
                self._files[name] = open_regular(path, LINES_LIMIT)
        except OSError as error:
            self.close()
            why = f"cannot read {path} ({error.strerror}); is {folder} a run folder?"
            raise DawnbenchError(why) from error

    def record(self) -> RunRecord:
        """Return run.json, which is read again only where it is not the file of the last call.

        Raises:
            DawnbenchError: it is gone, or damaged.
        """
        stamp = self._stamp()
        if self._record is None or stamp != self._seen:
            self._seen, self._record = stamp, read_record(self._run)
        return self._record

    def epochs(self) -> list[EpochRecord]:
        """Return the epochs recorded since the last call."""
        return self._new("epochs", _EPOCH)

    def trials(self) -> list[TrialRecord]:
        """Return the trials recorded since the last call."""
        return self._new("trials", _TRIAL)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            seen = self._run.stat()
        except OSError:  # reading it will say why
            return None
        # A run replaces the file, so that its inode changes with each status.
        return seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns

    def _new(self, name: str, adapter: TypeAdapter[Line]) -> list[Line]:
        *whole, self._rest[name] = (self._rest[name] + self._files[name].read()).split(b"\n")
        try:
            return [validated(adapter, line) for line in whole]
        except ValidationError as error:
            raise damaged(self._paths[name], error) from error
