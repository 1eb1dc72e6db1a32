"""The runs of a study, one process each, so that none finds another's memory, threads or compiled code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import read_run
from dawnbench.stats.scaling import ScalePoint, Setting, point_of

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def measure(at: Setting, arguments: Sequence[str]) -> ScalePoint:
    """Run `dawnbench run` with these arguments on so many threads; return what came of it.

    A run that fails is a point as well: its trouble says why.

    Raises:
        KeyboardInterrupt: passed on once the run has ended.
    """
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(at.threads))
    command = [sys.executable, "-m", "dawnbench", "run", *arguments, "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            output, errors = process.communicate()
        except KeyboardInterrupt:
            # Ctrl-C in a terminal reaches both, a signal only this process; a run takes the second calmly.
            process.terminate()
            process.communicate()  # it has its records to write
            raise
    folder = _folder(output)
    if folder is None:
        return ScalePoint(at, None, _last_line(errors) or f"the run ended with status {process.returncode}")
    try:
        point = point_of(at, read_run(folder))
    except DawnbenchError as error:
        return ScalePoint(at, str(folder), str(error))
    return point


def _folder(output: str) -> Path | None:
    """Return the run folder that the first event names."""
    first, _, _ = output.partition("\n")
    return Path(json.loads(first)["folder"]) if first else None


def _last_line(text: str) -> str:
    lines = text.split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("dawnbench: ") if said else ""
