"""Where tables go: to a terminal in its width and colours, to a pipe as plain text."""

from __future__ import annotations

import sys

from rich.console import Console

PIPE_WIDTH = 120


def open_console() -> Console:
    """Return a console on standard output."""
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH, color_system=None)
