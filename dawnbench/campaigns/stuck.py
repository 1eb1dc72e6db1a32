"""Lets a signal stop a process that waits for another rank, which may never answer."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

GRACE_SECONDS = 20.0
"""How long a signal's own handler has to end the run. torchrun kills what is left after 30 s."""
STOPPING = (signal.SIGINT, signal.SIGTERM)


class EndIfStuck:
    """Ends this process some seconds after a signal that should stop it, unless `close` is called before.

    Python runs a signal's handler in the main thread only, and not while that thread waits in torch for a
    tensor that another rank will never send. `finish` is then called in a thread of its own.
    """

    def __init__(self, finish: Callable[[], None], grace_seconds: float = GRACE_SECONDS) -> None:
        self._finish, self._grace = finish, grace_seconds
        self._closed = threading.Event()
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="dawnbench-end-if-stuck", daemon=True).start()

    def close(self) -> None:
        """Leave signals to their handlers again."""
        self._closed.set()
        signal.set_wakeup_fd(self._before)
        os.close(self._writing)  # the thread reads the end of the pipe

    def _watch(self) -> None:
        while number := os.read(self._reading, 1):
            if number[0] in STOPPING and not self._closed.wait(self._grace):
                self._end(signal.Signals(number[0]).name)
        os.close(self._reading)

    def _end(self, name: str) -> None:
        try:
            self._finish()
            sys.stderr.write(
                f"dawnbench: stopped by {name} while waiting for another rank, which did not answer; what "
                "was recorded is kept\n"
            )
            sys.stderr.flush()
        finally:
            os._exit(128 + signal.SIGINT)
