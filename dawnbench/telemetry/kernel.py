"""Reads the kernel's statistics of the host as cheaply as the system allows.

They are sampled 20 times per second during training. psutil opens and parses whole files, which costs three
times as much as rereading open files, so Linux has its own class.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Protocol

import psutil


class Kernel(Protocol):
    """Every method may raise OSError."""

    def cpu_seconds(self) -> tuple[float, float]:
        """Return the busy seconds and the total seconds of all cores together since boot."""

    def process_memory(self) -> int:
        """Return the resident memory of this process in bytes."""

    def system_memory_used(self) -> int:
        """Return the bytes of memory that the kernel could not give to a new program."""

    def close(self) -> None:
        """Close the open files; a second call does nothing."""


def open_kernel() -> Kernel:
    """Return the cheapest implementation for this system."""
    return LinuxKernel() if sys.platform == "linux" else PortableKernel()


class LinuxKernel:
    """Files of /proc (see proc(5)), kept open; `root` is the folder that contains proc."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._stat = (root / "proc/stat").open("rb", buffering=0)
        self._statm = (root / "proc/self/statm").open("rb", buffering=0)
        self._meminfo = (root / "proc/meminfo").open("rb", buffering=0)
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._tick_seconds = 1 / os.sysconf("SC_CLK_TCK")

    def cpu_seconds(self) -> tuple[float, float]:
        """Return busy and total seconds; waiting for a disk is not busy."""
        first_line = os.pread(self._stat.fileno(), 256, 0).split(b"\n", 1)[0]
        # user, nice, system, idle, iowait, irq, softirq, steal; a guest's time is in `user` already.
        ticks = [int(field) for field in first_line.split()[1:9]]
        total = sum(ticks)
        if total == 0:
            raise OSError("/proc/stat contains no processor times")
        return (total - ticks[3] - ticks[4]) * self._tick_seconds, total * self._tick_seconds

    def process_memory(self) -> int:
        """Return the resident memory of this process in bytes."""
        return int(os.pread(self._statm.fileno(), 128, 0).split()[1]) * self._page_bytes

    def system_memory_used(self) -> int:
        """Return MemTotal minus MemAvailable, from the first and third lines, in bytes."""
        words = os.pread(self._meminfo.fileno(), 128, 0).split()
        if words[0] != b"MemTotal:" or words[6] != b"MemAvailable:":
            raise OSError(
                "/proc/meminfo does not have MemAvailable on line 3, as every Linux since 3.14 does"
            )
        return (int(words[1]) - int(words[7])) * 1024

    def close(self) -> None:
        """Close the files."""
        for file in (self._stat, self._statm, self._meminfo):
            file.close()


class PortableKernel:
    """The same statistics from psutil."""

    def __init__(self) -> None:
        self._process = psutil.Process()

    def cpu_seconds(self) -> tuple[float, float]:
        """Return busy and total seconds."""
        times = psutil.cpu_times()
        return sum(times) - times.idle, sum(times)

    def process_memory(self) -> int:
        """Return the resident memory of this process in bytes."""
        return int(self._process.memory_info().rss)

    def system_memory_used(self) -> int:
        """Return the total minus the available memory, in bytes."""
        memory = psutil.virtual_memory()
        return int(memory.total - memory.available)

    def close(self) -> None:
        """Do nothing: psutil holds nothing open."""
