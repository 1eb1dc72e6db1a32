"""What the C library's heap holds: bytes in use now, and the most that were in use for a while."""

from __future__ import annotations

import ctypes
import platform
import threading
import time

SHORTEST_SECONDS, LONGEST_SECONDS = 0.002, 0.05
"""Between two looks at the heap."""
SHARE_OF_ELAPSED = 0.01
"""A short trial is looked at often; in a long one every step comes back a hundred times."""


class _Mallinfo2(ctypes.Structure):
    """glibc's `struct mallinfo2`, see mallinfo(3)."""

    _fields_ = (
        ("arena", ctypes.c_size_t),
        ("ordblks", ctypes.c_size_t),
        ("smblks", ctypes.c_size_t),
        ("hblks", ctypes.c_size_t),
        ("hblkhd", ctypes.c_size_t),
        ("usmblks", ctypes.c_size_t),
        ("fsmblks", ctypes.c_size_t),
        ("uordblks", ctypes.c_size_t),
        ("fordblks", ctypes.c_size_t),
        ("keepcost", ctypes.c_size_t),
    )


def _find_mallinfo2() -> ctypes._NamedFuncPointer | None:
    """Return glibc's function, which came with 2.33."""
    if platform.libc_ver()[0] != "glibc":
        return None
    function = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if function is not None:
        function.restype = _Mallinfo2
    return function


_mallinfo2 = _find_mallinfo2()


def allocated_bytes() -> int | None:
    """Return the bytes that this process has allocated and not freed; None without glibc's books."""
    if _mallinfo2 is None:
        return None
    info = _mallinfo2()
    return int(info.uordblks + info.hblkhd)


def unused_bytes() -> int | None:
    """Return the bytes that were freed and are kept for later; None without glibc's books."""
    return None if _mallinfo2 is None else int(_mallinfo2().fordblks)


class PeakWatch:
    """Looks at the heap from time to time from its making on, and remembers the most that was in use.

    glibc keeps no peak of its own. The resident size has one, but it counts what lies idle between blocks,
    which on aligned tensors of many sizes came to a third of all. A look takes about 10 microseconds.
    """

    def __init__(self) -> None:
        self._most = allocated_bytes() or 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak memory", daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Return the most bytes that were in use, and look no more."""
        self._ended.set()
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        began = time.perf_counter()
        pause = 0.0
        while not self._ended.wait(pause):
            self._most = max(self._most, allocated_bytes() or 0)
            elapsed = time.perf_counter() - began
            pause = min(max(SHORTEST_SECONDS, SHARE_OF_ELAPSED * elapsed), LONGEST_SECONDS)
