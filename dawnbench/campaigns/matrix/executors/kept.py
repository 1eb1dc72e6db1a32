"""Runs trials on this machine in processes that go on: few trials wait for imports or a compiler."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dawnbench.campaigns.matrix.executors.local import LocalExecutor
from dawnbench.campaigns.matrix.worker import ERRORS, Fields, dying_with_parent, last_line, now

CLOSING_SECONDS = 10.0
"""How long a process may take to end when there is nothing left to run."""
NOT_PROGRAM = ("--seed=", "--tag=", "--note=", "--set=schedule", "--set=epochs=")
"""How arguments begin in which trials that share their programs may differ."""

Started = Callable[[subprocess.Popen[bytes]], None]


class KeptExecutor(LocalExecutor):
    """A `LocalExecutor` with one kept process per place."""

    def __init__(self, slots: int = 1) -> None:
        """Find the GPUs; no process starts before its first trial."""
        self._servers = TrialServers()
        super().__init__(slots, self._servers.perform)

    def close(self) -> None:
        """End the threads and the processes."""
        super().close()
        self._servers.close()


class TrialServers:
    """Processes of `trial_server`, of which a trial gets an idle one that fits, or a new one."""

    def __init__(self) -> None:
        self._idle: list[_Server] = []
        self._lock = threading.Lock()

    def perform(
        self,
        recipe: str,
        arguments: Sequence[str],
        out: str,
        environment: Mapping[str, str],
        inherited: Sequence[int] = (),
        started: Started | None = None,
    ) -> Fields:
        """Run one trial as `worker.perform` does, in a process that goes on afterwards."""
        began = now()
        program = (recipe, *sorted(word for word in arguments if not word.startswith(NOT_PROGRAM)))
        device = next(word for word in arguments if word.startswith("--device="))
        server = self._taken(environment, device, program) or _Server(environment, device, inherited)
        if started is not None:
            started(server.process)
        answer = server.ask({"recipe": recipe, "arguments": list(arguments), "out": out})
        if answer is None:
            answer = {"status": server.process.wait(), "reason": last_line(Path(out) / ERRORS)}
        elif answer["status"] == 0:
            server.program = program
            with self._lock:
                self._idle.append(server)
        else:
            server.close()
        return {**answer, "started": began, "ended": now(), "host": socket.gethostname()}

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            servers, self._idle = self._idle, []
        for server in servers:
            server.close()

    def _taken(self, environment: Mapping[str, str], device: str, program: tuple[str, ...]) -> _Server | None:
        """Take an idle process for this device: one with the program, or the one idle for longest."""
        with self._lock:
            self._idle = [one for one in self._idle if one.process.poll() is None]
            fitting = [one for one in self._idle if (one.environment, one.device) == (environment, device)]
            chosen = next((one for one in fitting if one.program == program), next(iter(fitting), None))
            if chosen is not None:
                self._idle.remove(chosen)
            return chosen


class _Server:
    """One process, and its pipes."""

    def __init__(self, environment: Mapping[str, str], device: str, inherited: Sequence[int]) -> None:
        self.environment, self.device = dict(environment), device
        self.program: tuple[str, ...] = ()
        """That of its last trial."""
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-P", "-m", "dawnbench.campaigns.matrix.trial_server"],
            env=os.environ | self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=tuple(inherited),
            preexec_fn=dying_with_parent(),
        )

    def ask(self, order: Mapping[str, Any]) -> Fields | None:
        """Return the answer to an order; None if the process ends without one."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.flush()
            return dict(json.loads(self.process.stdout.readline()))
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Let the process end, or kill it."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
