"""Sides that alternate, A B B A, each turn in a process of its own."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from benchmarks.gpu.processes import environment, last_line
from benchmarks.peers.lines import Measured, TrialLine, TurnLine
from benchmarks.peers.sides import Side
from dawnbench.telemetry import Sampler

GRACE_SECONDS = 10.0
"""That a turn which is broken off has to write its records."""


def order(sides: Sequence[Side], trials: int, block: int) -> Iterator[tuple[Side, int, int]]:
    """Yield side, number of the side's first trial (from 1) and trials of each turn.

    Every second round goes backwards, so that a machine which slows steadily slows all sides alike.
    """
    for number, first in enumerate(range(1, trials + 1, block)):
        count = min(block, trials + 1 - first)
        for side in sides if number % 2 == 0 else reversed(sides):
            yield side, first, count


def take_turn(
    side: Side, turn: int, first: int, count: int, seed: int, sampler: Sampler
) -> Iterator[TrialLine | TurnLine]:
    """Run a turn; yield each trial as it ends and then the turn itself, also where the process failed."""
    began, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter_ns()
    done = 0
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            side.command(count, seed + first - 1),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
        )
        try:
            for measured in _trials(side, process):
                yield TrialLine(side.name, turn, first + done, measured)
                done += 1
            status = process.wait()
        finally:
            _end(process)
        said.seek(0)
        problem = (
            None if status == 0 and done == count else f"{done} of {count} trials: {last_line(said.read())}"
        )
    ended = time.perf_counter_ns()
    summary = sampler.summary(clock, ended, None, None)
    sampler.forget(ended)
    yield TurnLine(
        side=side.name,
        turn=turn,
        began=began,
        seconds=(ended - clock) / 1e9,
        problem=problem,
        readings={metric: asdict(reading) for metric, reading in summary.readings.items()},
        throttle_reasons=summary.throttle_reasons,
    )


def _trials(side: Side, process: subprocess.Popen[str]) -> Iterator[Measured]:
    assert process.stdout is not None
    for line in process.stdout:
        measured = side.read(line)
        if measured is not None:
            yield measured


def _end(process: subprocess.Popen[str]) -> None:
    """End a process that was left before its end."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
