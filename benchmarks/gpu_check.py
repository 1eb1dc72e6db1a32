"""Measure on this machine's GPU what the documentation quotes, the most valuable first, within a budget.

`make gpu-check`, or `PYTHONPATH=. python benchmarks/gpu_check.py [--out FOLDER] [--budget SECONDS]
[--only NAME ...] [--peer NAME=FILE ...]`. Needs torch, the packages of pyproject.toml and CIFAR-10
(DAWNBENCH_DATA, the cache or a download); neither git nor, with the data there, a network. Writes
gpu-check.json after each figure, gpu-check.md with a summary,
which it also prints at the end, and in gpu-check-parts/ each part's log and run folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.gpu.facts import ask_facts
from benchmarks.gpu.measurement import Measurement, Results
from benchmarks.gpu.parts import DRY, Mode, plan_parts
from benchmarks.processes import ROOT
from dawnbench.errors import DawnbenchError

DONE, FAILED, NO_RESULT, INTERRUPTED = 0, 1, 2, 130
DATA = "cifar10"
ONLY = "Run this part, or a further recipe or its file; repeatable, in that order."
PEER = "Also measure this peer's script, which takes long; repeatable."
DRY_VARIABLES = {"OMP_NUM_THREADS": "1", "TORCHDYNAMO_DISABLE": "1"}
"""Threads do not help with tiny tensors, and compiling on a CPU takes a minute."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="gpu-check", description="Measure on this machine's GPU what the documentation quotes."
    )
    add = parser.add_argument
    add("--out", type=Path, default=ROOT / "docs" / "results" / "gpu-check", help="Write the results here.")
    add("--budget", type=float, default=520.0, metavar="SECONDS", help="Stop after this time.")
    add("--only", action="append", default=[], metavar="NAME", help=ONLY)
    add("--data", help="Train on this data instead of each recipe's own.")
    add("--dry-run", action="store_true", help="Use tiny settings on the CPU, to try the path.")
    add("--peer", action="append", default=[], metavar="NAME=FILE", help=PEER)
    given = parser.parse_args()
    if "peers" in given.only and not given.peer:
        parser.error("--only peers needs --peer NAME=FILE; python -m benchmarks.peers --help lists them")
    return given


def interrupt(*_: object) -> NoReturn:
    """Turn the first signal into an interrupt and ignore further ones, so that the results get written."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    given, began = arguments(), time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    mode = DRY if given.dry_run else Mode("cuda", None)
    mode = replace(mode, data=given.data or mode.data)
    if given.dry_run:
        os.environ.update(DRY_VARIABLES)
    try:
        return check(given, mode, ask_facts(mode.device, mode.data or DATA), began)
    except DawnbenchError as error:
        print(f"gpu-check: {error}", file=sys.stderr)
        return NO_RESULT
    except KeyboardInterrupt:
        print("gpu-check: interrupted before anything was measured", file=sys.stderr)
        return INTERRUPTED


def check(given: argparse.Namespace, mode: Mode, facts: dict[str, Any], began: float) -> int:
    """Measure, print the summary however it ends, and return the exit code."""
    out: Path = given.out.resolve()
    folder = out / "gpu-check-parts"
    only = [str(Path(name).resolve()) if name.endswith(".py") else name for name in given.only]
    peers = [f"{name}={Path(file).resolve()}" for name, _, file in (one.partition("=") for one in given.peer)]
    shutil.rmtree(
        out / "gpu-check-parts", ignore_errors=True
    )  # figures of an earlier check are not this one's
    results = Results(
        out,
        facts=facts,
        dry_run=given.dry_run,
        begun=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        budget_seconds=given.budget,
    )
    parts = plan_parts(mode, folder, only=only, peers=peers)
    code = FAILED
    try:
        if Measurement(mode, results, folder, began, given.budget).take(parts):
            code = DONE
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        print(results.save(), end="", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
