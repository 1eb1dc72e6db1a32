"""Processes in which a checkout that is not installed measures something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GRACE_SECONDS = 10.0
"""That a process that is stopped has to write its records."""
MEASURE = """
import json, os, signal, subprocess, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
began = time.perf_counter()
child = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "wb"), stderr=subprocess.STDOUT)
signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGINT))
_, status, usage = os.wait4(child.pid, 0)
scale = 1 if sys.platform == "darwin" else 1024
processor = usage.ru_utime + usage.ru_stime
print(json.dumps([time.perf_counter() - began, processor, usage.ru_maxrss * scale / 1e6, status]))
"""
"""A small process in between, since a child is charged with the memory of the parent that it was forked from.
Two cores, whatever the machine has."""


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    wall_seconds: float
    """From its start to its end."""
    processor_seconds: float
    megabytes: float
    """The most that was resident at one time."""
    status: int
    """As os.wait4 gives it."""


def environment() -> dict[str, str]:
    """Return the variables with which a checkout that is not installed can be imported."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def last_lines(text: str, count: int) -> list[str]:
    """Return the last lines that hold anything, at most `count`."""
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]


def last_line(text: str) -> str:
    """Return the last line that holds anything: of a traceback, the error itself."""
    return next((line.strip() for line in last_lines(text, 1)), "no message")


def start(words: list[str], printed: Path, cache: Path) -> subprocess.Popen[str]:
    """Start `dawnbench` with these words; `cost_of` the process returns what it took."""
    return subprocess.Popen(
        [sys.executable, "-c", MEASURE, str(printed), sys.executable, "-m", "dawnbench", *words],
        env=environment() | {"XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
    )


def cost_of(process: subprocess.Popen[str]) -> Cost:
    """Wait for a process that `start` started."""
    return Cost(*json.loads(process.communicate()[0]))


def stop(process: subprocess.Popen[str]) -> None:
    """End a process that still runs, gently first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
