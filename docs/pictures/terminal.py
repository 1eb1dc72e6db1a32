"""Draws docs/pictures/terminal.svg: a real run's terminal, 80 columns wide, while it goes on.

Needs `pip install pyte` besides the package. Usage: python docs/pictures/terminal.py
"""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from fcntl import ioctl
from itertools import groupby
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 80, 24
LAST = "trial 2/3 epoch 6/"
"""The picture is taken when the screen shows this."""


def screen_of(command: list[str]) -> pyte.Screen:
    """Run the command in a terminal until it shows `LAST`, and return the screen."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    while not any(LAST in line for line in screen.display):
        stream.feed(os.read(ours, 4096))
    process.terminate()
    process.wait()
    return screen


def style_of(cell: pyte.screens.Char) -> str:
    """Return a cell's style as rich names it."""
    colour = f"#{cell.fg}" if len(cell.fg) == 6 else cell.fg
    return f"{'bold ' if cell.bold else ''}{colour}"


def draw(screen: pyte.Screen, path: Path) -> None:
    """Write the screen as an SVG."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text("$ dawnbench run quickstart"))
        for number in range(LINES):
            cells = (screen.buffer[number][column] for column in range(COLUMNS))
            line = Text()
            for style, run in groupby(cells, key=style_of):
                line.append("".join(cell.data for cell in run), style=style)
            line.rstrip()
            if line.plain:
                console.print(line)
        console.save_svg(str(path), title="dawnbench")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as out:
        call = [sys.executable, "-m", "dawnbench", "run", "quickstart", "--out", f"{out}/runs"]
        draw(screen_of(call), Path(__file__).with_suffix(".svg"))
