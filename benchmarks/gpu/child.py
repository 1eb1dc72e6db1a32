"""One part in its own process: `python -m benchmarks.gpu.child MODULE SETTINGS` prints its result as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.gpu.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


class PartError(Exception):
    """A part did not come to its result; the message is its last word."""


def environment() -> dict[str, str]:
    """Return the variables with which a checkout that is not installed can be imported."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def last_line(text: str) -> str:
    """Return the last line that holds anything: of a traceback, the error itself."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no message")


def run_python(arguments: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run this Python in the checkout and return what it printed.

    Raises:
        PartError: it took longer than `seconds`.
    """
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PartError(f"not done within {seconds:.0f} s") from error


def ask(module: str, settings: Settings, seconds: float) -> Any:
    """Return what `measure(settings)` of `benchmarks.gpu.<module>` returns in a new process.

    Raises:
        PartError: it failed, or took longer than `seconds`.
    """
    done = run_python(["-m", "benchmarks.gpu.child", module, json.dumps(asdict(settings))], seconds)
    if done.returncode:
        raise PartError(last_line(done.stderr))
    return json.loads(last_line(done.stdout))


def main() -> None:
    module, settings = sys.argv[1], json.loads(sys.argv[2])
    # JSON has no tuples.
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    print(json.dumps(import_module(f"benchmarks.gpu.{module}").measure(Settings(**given))))


if __name__ == "__main__":
    main()
