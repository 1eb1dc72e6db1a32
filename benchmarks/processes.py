"""The `dawnbench` command as a process, from a checkout that need not be installed, and what it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
MEASURE = """
import json, os, resource, subprocess, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
began = time.perf_counter()
status = subprocess.call(sys.argv[2:], stdout=open(sys.argv[1], "wb"), stderr=subprocess.STDOUT)
seconds, usage = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
scale = 1 if sys.platform == "darwin" else 1024
print(json.dumps([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale / 1e6, status]))
"""
"""A small process in between, since a child is charged with the memory of the parent that it was forked from.
Two cores, whatever the machine has."""


class Cost(NamedTuple):
    """What one process took."""

    wall_seconds: float
    """From its start to its end."""
    processor_seconds: float
    megabytes: float
    """The most that was resident at one time."""
    status: int
    """Its exit status."""


def environment() -> dict[str, str]:
    """Return the variables with which a checkout that is not installed can be imported."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def measure(words: Sequence[str], place: Path) -> Cost:
    """Return what `dawnbench` with these words costs; in `place` are its output, `printed`, and its cache."""
    python, printed = sys.executable, str(place / "printed")
    measured = subprocess.run(
        [python, "-c", MEASURE, printed, python, "-m", "dawnbench", *words],
        env=environment() | {"XDG_CACHE_HOME": str(place / "cache")},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return Cost(*json.loads(measured.stdout))
