"""Follows a run folder while it grows."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import LINES_LIMIT, open_regular
from dawnbench.records.index import stamp
from dawnbench.records.process import is_gone
from dawnbench.records.reader import Line, read_line, read_record
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord


class Tail:
    """The lines that a run appends, as they come; an incomplete line waits for its end.

    Impossible values and lines are left out, as in `read_run`, which warns about them.
    """

    def __init__(self, folder: Path) -> None:
        """Open the files of a run folder.

        Raises:
            DawnbenchError: it is not a run folder, or lacks one of them.
        """
        self._paths = {name: folder / f"{name}.jsonl" for name in ("epochs", "trials")}
        self._files: dict[str, IO[bytes]] = {}
        self._rest = dict.fromkeys(self._paths, b"")
        self._folder = folder
        self._record: RunRecord | None = None
        self._seen: tuple[str, int] | None = None
        self.record()
        try:
            for name, path in self._paths.items():
                self._files[name] = open_regular(path, LINES_LIMIT)
        except OSError as error:
            self.close()
            why = f"cannot read {path} ({error.strerror}); is {folder} a run folder?"
            raise DawnbenchError(why) from error

    def record(self) -> RunRecord:
        """Return run.json, which is read again only if it changed or its process is gone.

        Raises:
            DawnbenchError: it is gone, or damaged.
        """
        known = self._record
        try:
            seen = stamp(self._folder, ["run.json"])
        except OSError:  # reading it will say why
            seen = None
        if known is None or seen != self._seen or (known.status == "running" and is_gone(known.process)):
            self._seen, (known, _) = seen, read_record(self._folder)
            self._record = known
        return known

    def epochs(self) -> list[EpochRecord]:
        """Return the epochs recorded since the last call."""
        return self._new("epochs", EpochRecord)

    def trials(self) -> list[TrialRecord]:
        """Return the trials recorded since the last call."""
        return self._new("trials", TrialRecord)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _new(self, name: str, kind: type[Line]) -> list[Line]:
        *whole, self._rest[name] = (self._rest[name] + self._files[name].read()).split(b"\n")
        records = (read_line(kind, line)[0] for line in whole)
        return [record for record in records if record is not None]
