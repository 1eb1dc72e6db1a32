"""The C library's heap: bytes in use now, and the peak over a period."""

from __future__ import annotations

import ctypes
import platform
import threading
import time

MIN_SECONDS, MAX_SECONDS = 0.002, 0.05
"""Interval between two readings of the heap."""
SHARE_OF_ELAPSED = 0.01
"""The interval as a share of the time elapsed: a short trial is sampled often, and a long one repeats its
steps anyway."""


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
    """Return glibc's function, available since version 2.33."""
    if platform.libc_ver()[0] != "glibc":
        return None
    function = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if function is not None:
        function.restype = _Mallinfo2
    return function


_mallinfo2 = _find_mallinfo2()


def allocated_bytes() -> int | None:
    """Return the bytes that this process has allocated and not freed; None without glibc."""
    if _mallinfo2 is None:
        return None
    info = _mallinfo2()
    return int(info.uordblks + info.hblkhd)


def unused_bytes() -> int | None:
    """Return the freed bytes that the heap keeps for reuse; None without glibc."""
    return None if _mallinfo2 is None else int(_mallinfo2().fordblks)


class PeakWatch:
    """Samples the heap from its creation on, and remembers the peak.

    glibc records no peak. The kernel records one of the resident size, but that includes the gaps between
    blocks, which made up a third of it with aligned tensors of many sizes. A reading takes about 10 µs.
    """

    def __init__(self) -> None:
        self._peak = allocated_bytes() or 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak memory", daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Stop sampling and return the peak in bytes."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        started = time.perf_counter()
        pause = 0.0
        while not self._ended.wait(pause):
            self._peak = max(self._peak, allocated_bytes() or 0)
            elapsed = time.perf_counter() - started
            pause = min(max(MIN_SECONDS, SHARE_OF_ELAPSED * elapsed), MAX_SECONDS)
