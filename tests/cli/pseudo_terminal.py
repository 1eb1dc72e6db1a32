"""Runs a command in a real terminal, as far as it can tell."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Sequence

COLUMNS = 80
FOR_COLORS = {"TERM": "xterm-256color"}
IGNORED = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "CI")
"""What the person who runs the tests has set of a terminal."""


def shown_in_terminal(command: Sequence[str], until: str | None = None, **environment: str) -> str:
    """Return what a terminal of 80 columns was sent, with newlines as on a pipe.

    The process is killed as soon as it has written `until`.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in IGNORED}
    process = subprocess.Popen(
        command, stdout=theirs, stderr=theirs, env=inherited | FOR_COLORS | environment
    )
    os.close(theirs)
    shown = b""
    while until is None or until.encode() not in shown:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
    else:
        process.kill()
    os.close(ours)
    process.wait()
    return shown.decode().replace("\r\n", "\n")
