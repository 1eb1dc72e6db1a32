"""Loads what the command loads, then forks for each call of the client, until the last connection closes."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIBRARIES = ("torch._dynamo", "scipy.stats", "matplotlib.backends.backend_svg")
PACKAGES = ("campaigns", "cli", "engine", "report")


def load() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in PACKAGES:
        package = importlib.import_module(f"dawnbench.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"dawnbench.{name}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # so that the forked processes share what was loaded


@dataclass(slots=True)
class Call:
    """A client and the process that runs for it; at first, and for one that only keeps the server, none."""

    client: socket.socket
    process: int | None = None


class Server:
    """Whoever calls `serve` returns from it in each forked process, with what was asked of that process."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any]:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    client = self._listener.accept()[0]
                    self._selector.register(client, selectors.EVENT_READ, Call(client))
                elif key.fileobj is not key.data.client:
                    self._ended(key.fd, key.data)
                elif (request := self._heard(key.data)) is not None:
                    return request
            if len(self._selector.get_map()) == 1:
                os._exit(0)

    def _heard(self, call: Call) -> dict[str, Any] | None:
        size, streams = b"", []
        # Of a client that was killed before it read which process runs for it.
        with contextlib.suppress(ConnectionResetError):
            size, streams, *_ = socket.recv_fds(call.client, 4, 3)
        if not size:
            self._selector.unregister(call.client)
            call.client.close()
            if call.process is not None:
                os.kill(call.process, signal.SIGKILL)
            return None
        text, wanted = b"", int.from_bytes(size, "big")
        while len(text) < wanted:
            text += call.client.recv(wanted - len(text))
        call.process = os.fork()
        if call.process:
            for stream in streams:
                os.close(stream)
            call.client.sendall(call.process.to_bytes(4, "big"))
            self._selector.register(os.pidfd_open(call.process), selectors.EVENT_READ, call)
            return None
        self._close()
        request: dict[str, Any] = json.loads(text)
        for stream, number in zip(streams, request["streams"], strict=True):
            os.dup2(stream, number)
            os.close(stream)
        for number in {0, 1, 2} - set(request["streams"]):
            os.close(number)
        return request

    def _ended(self, handle: int, call: Call) -> None:
        assert call.process is not None
        self._selector.unregister(handle)
        os.close(handle)
        status = os.waitstatus_to_exitcode(os.waitpid(call.process, 0)[1])
        call.process = None
        if call.client.fileno() != -1:
            self._selector.unregister(call.client)
            with contextlib.suppress(OSError), call.client:
                call.client.sendall(status.to_bytes(4, "big", signed=True))

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            if key.fileobj is self._listener:
                self._listener.detach()
            elif isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
            else:
                os.close(key.fd)
        self._selector.close()


def become(folder: str, environment: dict[str, str], streams: list[int]) -> None:
    """Take the place of a process that was just started there, with that environment and those streams."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    unbuffered = bool(environment.get("PYTHONUNBUFFERED"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before, stream = getattr(sys, name), None
        if number in streams:
            file = os.fdopen(number, "wb" if number else "rb", 0 if unbuffered and number else -1)
            lines = number == 2 or file.isatty()
            stream = io.TextIOWrapper(
                file, before.encoding, before.errors, line_buffering=lines, write_through=unbuffered
            )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def run(words: list[str]) -> None:
    """Do what `python` with these words does."""
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    safe = "-P" in words[:2] or bool(os.environ.get("PYTHONSAFEPATH"))
    while words[0] in ("-P", "-u"):
        words = words[1:]
    if not safe:
        sys.path.insert(0, str(Path.cwd()))
    match words:
        case ["-m", module, *rest]:
            if module == "pytest":  # what it leaves uncollected at its end is told as a leak, at length
                gc.unfreeze()
            sys.argv = [module, *rest]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", code, *rest]:
            sys.argv = ["-c", *rest]
            exec(code, {"__name__": "__main__"})
        case [script, *rest] if not script.startswith("-"):
            sys.argv = [script, *rest]
            runpy.run_path(script, run_name="__main__")
        case _:
            sys.exit(f"the warm Python takes -P, -u, -m, -c or a script, and got {words}")


if __name__ == "__main__":
    load()
    sys.executable = sys.argv[1]
    asked = Server(socket.socket(fileno=0)).serve()
    if "-u" in asked["words"][:2]:
        asked["environment"]["PYTHONUNBUFFERED"] = "1"
    become(asked["folder"], asked["environment"], asked["streams"])
    run(asked["words"])
