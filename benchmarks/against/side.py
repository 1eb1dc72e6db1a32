"""One process that trains when it is told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import last_line
from dawnbench.errors import DawnbenchError

WORKER = Path(__file__).parent / "worker.py"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


class RefusedError(DawnbenchError):
    """The package of one side does not train the recipe so; the message is its own sentence."""


@dataclass(frozen=True)
class Turn:
    """What the steps of one turn took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor time, user and system, of all threads of the process."""


@dataclass(frozen=True)
class Side:
    """A process that waits to be granted a turn."""

    name: str
    """Of the folder."""
    process: subprocess.Popen[str]
    said: Any
    """The file of what it writes to stderr."""

    def turn(self) -> Turn:
        """Let it train one turn.

        Raises:
            RefusedError: the package does not know the recipe or one of its settings.
            DawnbenchError: the process ended; the sentence has its last word.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its last answer may still tell why
        answer = self.process.stdout.readline()
        if not answer:
            self.said.seek(0)
            raise DawnbenchError(f"a process that trained broke off: {last_line(self.said.read())}")
        found = json.loads(answer)
        if "refused" in found:
            raise RefusedError(found["refused"])
        return Turn(**found)


@contextmanager
def open_side(tree: Path, recipe: str, settings: list[str], threads: int, out: Path) -> Iterator[Side]:
    """Start the process with the package that lies in `tree`, and end it behind the block."""
    path = os.pathsep.join(filter(None, (str(tree), os.environ.get("PYTHONPATH"))))
    request = {"recipe": recipe, "settings": settings, "threads": threads, "out": str(out)}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER), json.dumps(request)],
            cwd=tree,
            env=os.environ | {"PYTHONPATH": path} | dict.fromkeys(THREADS, str(threads)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
        )
        try:
            yield Side(tree.name, process, said)
        finally:
            # Nothing of it is kept, so it need not be asked to end.
            process.kill()
            process.communicate()
