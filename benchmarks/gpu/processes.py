"""Processes in which a checkout that is not installed measures something."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.processes import ROOT, environment


class Child:
    """A process whose output goes to a file and which can be ended with all that it started."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        """Start this Python with the arguments, in the checkout."""
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self, seconds: float) -> int | None:
        """Return the exit code; None if it still runs after that time."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def end(self, grace: float = 0.0) -> None:
        """Interrupt it as Ctrl-C does if there is a grace in seconds, then kill it and what it started."""
        if grace and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self.wait(grace)
        # torch.compile's workers outlive a process that is killed.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def said(self) -> str:
        """Return what it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")
