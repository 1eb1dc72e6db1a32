"""One terminal line that shows what is being waited for, until something else is shown.

This file imports little, so that the line appears before anything slow is loaded.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from dawnbench.safe_text import plain


class StatusLine:
    """Overwrites its own last text; `file` is a terminal, or None to show nothing."""

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file
        self._shown = 0

    def say(self, what: str) -> None:
        """Show `what` in place of the previous text."""
        # A line that wraps could not be overwritten.
        self._write(plain(what)[: shutil.get_terminal_size().columns - 1])

    def clear(self) -> None:
        """Leave an empty line, with the cursor at its start."""
        if self._shown:
            self._write("")
            self._write("")

    def _write(self, words: str) -> None:
        if self._file is not None:
            # Spaces, since not every terminal understands the control code.
            self._file.write("\r" + words.ljust(self._shown))
            self._file.flush()
            self._shown = len(words)


@contextmanager
def waiting_for(what: str, silent: bool = False) -> Iterator[None]:
    """Show on the terminal, if there is one, what is being waited for while the block runs."""
    line = StatusLine(None if silent or not sys.stdout.isatty() else sys.stdout)
    line.say(what)
    try:
        yield
    finally:
        line.clear()
