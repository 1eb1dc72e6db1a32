"""How long the process had been running before its run started."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dawnbench.records.schema import Segment

MAX_SECONDS = 3600.0
"""Python's imports take seconds, or minutes from a slow network disk. A larger value comes from another
clock, as in a sandbox that counts from its own boot, or from a shell that ran for long before it became this
process."""
MIN_SHARE_OF_CPU_TIME = 0.9
"""A thread cannot have computed for longer than its process has existed. The two clocks have different ticks,
so a tenth less is allowed."""


@dataclass(frozen=True, slots=True)
class Startup:
    """The first segment of a run's ledger, or why there is none."""

    segments: tuple[Segment, ...] = ()
    """The segment `startup`, which ends when this object was created; empty if its length is unknown."""
    notes: tuple[str, ...] = ()
    """Why there is no segment, a sentence for run.json; empty if none was requested."""


def startup(seconds: Callable[[], float] | None = None) -> Startup:
    """Return the segment from the process's start to now; `seconds` returns its length.

    The wall clock is not used: it may be set while the process runs, and a container's boot time by that
    clock may be hours off.
    """
    try:
        length = (seconds or seconds_since_process_start)()
        _check(length)
    except (OSError, ValueError, LookupError) as error:
        return Startup(notes=(f"startup was not timed, so the cold rule gives no time: {error}",))
    length_ns = round(length * 1e9)
    return Startup((Segment("startup", None, -length_ns, length_ns),))


def seconds_since_process_start(root: Path = Path("/")) -> float:
    """Return the seconds since this process was started, by the clock that counts from the machine's boot.

    The kernel gives the start in ticks (10 ms) since boot: field 22 of /proc/self/stat (see proc(5)). `root`
    is the folder that holds proc.

    Raises:
        OSError: this is not Linux, or proc cannot be read.
        ValueError, LookupError: proc is not as proc(5) describes.
    """
    if sys.platform != "linux":
        raise OSError("only Linux records a process's start by a clock that cannot be set")
    text = (root / "proc/self/stat").read_text(errors="replace")
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    # The second field is the program's name in parentheses, which may hold anything.
    fields = text.rpartition(")")[2].split()
    return now - int(fields[22 - 3]) / os.sysconf("SC_CLK_TCK")


def _check(length: float) -> None:
    computed = time.thread_time()
    if not MIN_SHARE_OF_CPU_TIME * computed <= length <= MAX_SECONDS:
        raise ValueError(
            f"the system says that the process was started {length:,.2f} s ago, but it has computed for "
            f"{computed:.2f} s (values from 0 to {MAX_SECONDS:,.0f} s are plausible)"
        )
