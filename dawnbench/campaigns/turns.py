"""Sides that take turns, each turn in a process of its own: other Pythons, checkouts or programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from dawnbench.errors import DawnbenchError

GRACE_SECONDS = 10.0
"""The time that a process gets to write its records when it is ended early."""

AnySide = TypeVar("AnySide")


@dataclass(frozen=True, slots=True)
class TurnSide:
    """One of the sides."""

    name: str
    command: Callable[[int, int], Sequence[str]]
    """From a number of trials and the seed of the first one to the command that runs them. It prints what
    `dawnbench run --json` prints."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that its processes get besides those of this one."""


@dataclass(slots=True)
class Turn:
    """One turn of one side, filled in while it runs."""

    side: str
    folder: Path | None = None
    """The run folder; None before there is one."""
    problem: str | None = "interrupted"
    """Why not all of its trials ended; None if they did."""


def in_order(sides: Sequence[AnySide], number: int) -> Sequence[AnySide]:
    """Return the sides in the order of round `number`, counted from 0: every second round is reversed.

    A machine that slows down steadily then slows all sides alike.
    """
    return sides if number % 2 == 0 else sides[::-1]


def rounds(sides: Sequence[AnySide], trials: int, block: int = 1) -> Iterator[tuple[AnySide, int, int]]:
    """Yield each turn as its side, the number of its first trial (from 1) and its trials, at most `block`."""
    for number, first in enumerate(range(1, trials + 1, block)):
        for side in in_order(sides, number):
            yield side, first, min(block, trials + 1 - first)


def take_turn(
    turn: Turn, side: TurnSide, trials: int, seed: int, trial_ended: Callable[[dict[str, Any]], None]
) -> None:
    """Run one turn and fill in `turn`; `trial_ended` gets the `trial` event of each trial.

    Raises:
        KeyboardInterrupt: re-raised after the process has written its records.
    """
    done = 0
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            side.command(trials, seed),
            env=os.environ | {"PYTHONUNBUFFERED": "1", **side.environment},
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "run":
                    turn.folder = Path(event["folder"])
                elif event["event"] == "trial" and event["status"] in ("finished", "diverged"):
                    done += 1
                    trial_ended(event)
            process.wait()
        finally:
            _stop(process)
        said.seek(0)
        lines = [line.strip() for line in said if line.strip()]
    last = lines[-1].removeprefix("dawnbench: ") if lines else f"exit status {process.returncode}"
    turn.problem = None if done == trials else f"{done} of {trials} trials: {last}"


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def python_side(name: str, place: str, arguments: Sequence[str]) -> TurnSide:
    """Return a side that calls `dawnbench run` with these arguments, by the Python or checkout in `place`.

    `place` is a Python executable that has dawnbench installed, or a folder with a package `dawnbench`, which
    this Python then runs instead of its own.

    Raises:
        DawnbenchError: it is neither.
    """
    python, environment = place, {}
    if Path(place).is_dir():
        if not (Path(place) / "dawnbench" / "__init__.py").is_file():
            raise DawnbenchError(f"{place} is not a checkout of dawnbench; name one, or a Python executable")
        before = os.environ.get("PYTHONPATH")
        path = [str(Path(place).resolve()), *([before] if before else [])]
        python, environment = sys.executable, {"PYTHONPATH": os.pathsep.join(path)}
    elif shutil.which(place) is None:
        raise DawnbenchError(f"{place} is not a Python executable or a folder with a checkout of dawnbench")

    def command(trials: int, seed: int) -> list[str]:
        # -P: a checkout in the working folder must not take the place of the side's own package.
        words = [python, "-P", "-m", "dawnbench", "run", *arguments, "--json"]
        return [*words, f"--trials={trials}", f"--seed={seed}"]

    return TurnSide(name, command, environment)
