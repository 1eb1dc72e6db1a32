"""Standard streams that a run can lose and still go on."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def open_missing_streams() -> None:
    """Open the null device in place of each standard stream that the parent process closed.

    Otherwise the next file to be opened, such as epochs.jsonl, would get the stream's number and receive
    everything that a library prints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


@contextmanager
def going_on_without_readers() -> Iterator[None]:
    """Let the block go on if its output can no longer be written, as after `| head -1`.

    A message on standard error says so, if that still works.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _lasting(sys.stdout, _say_so), _lasting(sys.stderr, lambda _error: None)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        sys.stdout, sys.stderr = before


def _lasting(stream: TextIO, lost: Callable[[OSError], None]) -> TextIO:
    """Return a stream that does not raise if it cannot be written; the same stream if it has no file."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return stream
    with suppress(OSError):
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Lasting(number, lost)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.isatty(),
    )


def _say_so(error: OSError) -> None:
    print(
        f"dawnbench: output can no longer be written ({error.strerror}); the run goes on without a "
        "display and is recorded in its folder",
        file=sys.stderr,
        flush=True,
    )


class _Lasting(io.FileIO):
    """Writes until that fails once, calls `lost` with the error, and then discards everything."""

    def __init__(self, number: int, lost: Callable[[OSError], None]) -> None:
        super().__init__(number, "w", closefd=False)
        self._lost, self._is_lost = lost, False

    def write(self, data: ReadableBuffer, /) -> int:
        if not self._is_lost:
            try:
                return super().write(data)
            except OSError as error:
                self._is_lost = True
                self._lost(error)
        return len(memoryview(data))
