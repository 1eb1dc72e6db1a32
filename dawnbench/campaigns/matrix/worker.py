"""Runs one trial as a process of its own, so that its crash takes nothing with it.

Workers of a cluster get this file by value: it imports only what every Python has, and they need no torch.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OUTPUT, ERRORS = "output.jsonl", "errors.txt"
"""What the trial's process prints, in the folder of its attempt."""
PERFORMED = "performed.json"
"""What a queued trial writes when it has ended."""
GRACE_SECONDS = 10.0
"""The time that a trial gets to write its records when it is ended early."""
_PR_SET_PDEATHSIG = 1

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
            preexec_fn=dying_with_parent(),
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


def perform_elsewhere(
    perform: Callable[..., Fields], recipe: str, content: bytes | None, arguments: Sequence[str]
) -> tuple[Fields, bytes]:
    """Perform a job on a machine that may share no disk with the campaign's.

    `content` is the recipe's if it is a file. Return the fields of its `Performed`, and a tar file of what it
    left in its folder.
    """
    with tempfile.TemporaryDirectory(prefix="dawnbench-") as place:
        out = Path(place) / "attempt"
        out.mkdir()
        if content is not None:
            path = Path(place) / Path(recipe).name
            path.write_bytes(content)
            recipe = str(path)
        fields = perform(recipe, arguments, str(out), {})
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
            tar.add(out, arcname=".")
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    fields |= {"worker": f"process {os.getpid()}", "device": f"GPU {gpus}" if gpus else "cpu"}
    return fields, packed.getvalue()


class QueuedTrial:
    """A job in a queue that may take its machine away, which starts the trial over on another one."""

    def __init__(
        self, perform: Callable[..., Fields], recipe: str, arguments: Sequence[str], out: str
    ) -> None:
        self._perform, self._recipe, self._arguments, self._out = perform, recipe, arguments, out
        self._restarts: list[Fields] = []
        self._began = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> None:
        """Run the trial, and write the fields of its `Performed` as JSON beside its run folder."""
        self._began = now()
        fields = self._perform(self._recipe, self._arguments, self._out, {}, (), self._started)
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        fields |= {"device": f"GPU {gpus}" if gpus else "cpu", "restarts": self._restarts}
        partial = Path(self._out) / f"{PERFORMED}.partial"
        partial.write_text(json.dumps(fields), encoding="utf-8")
        partial.replace(Path(self._out) / PERFORMED)

    def checkpoint(self) -> Any:
        """Return what submitit is to queue again when the machine is taken away: the whole trial."""
        import submitit

        if self._process is not None:
            self._process.terminate()
            if not _ends(self._process.pid, GRACE_SECONDS):
                self._process.kill()
        again = QueuedTrial(self._perform, self._recipe, self._arguments, self._out)
        lost = {"started": self._began, "ended": now(), "host": socket.gethostname()}
        again._restarts = [*self._restarts, lost]
        return submitit.helpers.DelayedSubmission(again)

    def _started(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process


def _ends(pid: int, seconds: float) -> bool:
    """Return whether a child ends within so many seconds, while the code that a signal interrupted waits too.

    `Popen.wait` would be kept waiting by that code's lock.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return True
        except ChildProcessError:
            return True
        time.sleep(0.05)
    return False


def run_command() -> list[str]:
    """Return the command that runs a recipe, without its arguments."""
    # -P: a checkout in the working folder must not take the place of the installed package.
    return [sys.executable, "-P", "-m", "dawnbench", "run"]


def dying_with_parent() -> Callable[[], None] | None:
    """Return what has the kernel end a new process with the one that starts it; None if it cannot.

    A trial without its worker would go on using the GPU that the next one gets.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # here, since loading a library in a new process could wait for a lock forever
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


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
