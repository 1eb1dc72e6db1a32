"""A run folder followed while it grows."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import LINES_LIMIT, open_regular
from dawnbench.records.reader import Line, damaged, validated
from dawnbench.records.schema import EpochRecord, TrialRecord

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
        try:
            for name, path in self._paths.items():
                self._files[name] = open_regular(path, LINES_LIMIT)
        except OSError as error:
            self.close()
            why = f"cannot read {path} ({error.strerror}); is {folder} a run folder?"
            raise DawnbenchError(why) from error

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

    def _new(self, name: str, adapter: TypeAdapter[Line]) -> list[Line]:
        *whole, self._rest[name] = (self._rest[name] + self._files[name].read()).split(b"\n")
        try:
            return [validated(adapter, line) for line in whole]
        except ValidationError as error:
            raise damaged(self._paths[name], error) from error
