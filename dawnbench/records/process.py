"""Whether the process that writes a run folder is still alive, as far as this machine can tell.

Linux only: elsewhere a run's process is not recorded, and its state is unknown.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from dawnbench.records.schema import ProcessRecord

_STATE, _START_TICKS = 0, 19
"""Positions in /proc/PID/stat after the command's name: fields 3 and 22 of proc(5), counted from 3."""


def this_process() -> ProcessRecord | None:
    """Return this process in a form that others can recognise; None if the system has no /proc."""
    world, pid = _world(), os.getpid()
    stat = _stat(pid)
    if world is None or stat is None:
        return None
    return ProcessRecord(pid, int(stat[_START_TICKS]), *world)


def is_gone(process: ProcessRecord | None) -> bool:
    """Return whether a process has certainly ended; False if that is unknown.

    It is unknown on another machine, after a reboot, and from another container, whose process ids refer to
    other processes.
    """
    if process is None or process.pid < 1:
        return False
    if _world() != (process.boot_id, process.pid_namespace):
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):  # another user's, which /proc may hide; not a valid id here
        pass
    stat = _stat(process.pid)
    # A zombie keeps its id until its parent waits for it, and a freed id may go to another process.
    return stat is not None and (stat[_STATE] in "ZX" or int(stat[_START_TICKS]) != process.start_ticks)


@cache
def _world() -> tuple[str, str] | None:
    """Return what gives a process id its meaning: the machine's boot id and the pid namespace."""
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return boot_id, str(Path("/proc/self/ns/pid").readlink())
    except (OSError, ValueError, AttributeError):
        return None


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The command's name is in parentheses and may contain any byte.
    fields = text[text.rindex(b")") + 1 :].decode("ascii").split()
    return fields if len(fields) > _START_TICKS else None
