"""Starts the server, one for all pytest processes of a session, and writes the executable that calls it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent


@contextmanager
def warm_python(folder: Path) -> Iterator[str]:
    """Yield an executable that runs `-m`, `-c` or a script as this Python does, while the context lasts.

    `folder` is the same for all that share a server. Elsewhere than on Linux it is this Python itself.
    """
    if sys.platform != "linux":
        yield sys.executable
        return
    # A path may be too long for a socket; a name that is no path goes away with the server.
    python, name = folder / "python", f"warm-python-{hashlib.sha1(bytes(folder)).hexdigest()}"
    with (folder / "lock").open("w") as lock, socket.socket(socket.AF_UNIX) as kept:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            kept.connect("\0" + name)
        except OSError:
            _start(python, name)
            kept.connect("\0" + name)
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield str(python)


def _start(python: Path, name: str) -> None:
    client = shlex.join([sys.executable, "-IS", str(HERE / "client.py"), name])
    python.write_text(f'#!/bin/sh\nexec {client} "$@"\n')
    python.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener, (python.parent / "errors").open("w") as errors:
        listener.bind("\0" + name)
        listener.listen()
        subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), str(python)],
            stdin=listener.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
            start_new_session=True,
        )
