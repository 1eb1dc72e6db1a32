"""Runs one trial as a process of its own, so that its crash takes nothing with it.

Workers of a cluster get this file by value: it imports only what every Python has, and they need no torch.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OUTPUT, ERRORS = "output.jsonl", "errors.txt"
"""What the trial's process prints, in the folder of its attempt."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

Fields = dict[str, Any]
"""Those of a `Performed`."""


def perform(
    recipe: str,
    arguments: Sequence[str],
    out: str,
    environment: Mapping[str, str],
    inherited: Sequence[int] = (),
    started: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> Fields:
    """Run `dawnbench run` into the folder `out`, wait for its end, and return the fields of a `Performed`.

    `environment` are variables besides those of this process, `inherited` files that stay open in the
    trial's process. `started` gets that process.
    """
    began, folder = now(), Path(out)
    command = [*run_command(), recipe, *arguments, f"--out={out}"]
    with (folder / OUTPUT).open("wb") as output, (folder / ERRORS).open("wb") as errors:
        process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            pass_fds=inherited,
            preexec_fn=_die_with_parent if _LIBC is not None else None,
        )
        if started is not None:
            started(process)
        try:
            status = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return {
        "status": status,
        "reason": last_line(folder / ERRORS),
        "started": began,
        "ended": now(),
        "host": socket.gethostname(),
    }


def run_command() -> list[str]:
    """Return the command that runs a recipe, without its arguments."""
    # -P: a checkout in the working folder must not take the place of the installed package.
    return [sys.executable, "-P", "-m", "dawnbench", "run"]


def _die_with_parent() -> None:
    """Have the kernel end this process with the one that started it: a GPU must not stay in use."""
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def last_line(path: Path) -> str:
    """Return the last line of a file that is not blank, without the command's name; empty if it has none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("dawnbench: ") if said else ""
