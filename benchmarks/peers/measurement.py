"""One alternating measurement, written down as it goes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.document import page
from benchmarks.peers.known import Peer
from benchmarks.peers.lines import Lines, TrialLine, TurnLine
from benchmarks.peers.sides import Side
from benchmarks.peers.turns import take_turn
from dawnbench.telemetry import Sampler, open_sources

HERTZ = 5.0
"""Enough for a mean over a turn, and light on two cores."""


class Measurement:
    """The lines of all trials as they end, and the page after each turn."""

    def __init__(
        self, ours: str, peers: Sequence[Peer], facts: dict[str, Any], command: str, out: Path
    ) -> None:
        """Open the file of lines beside the page; raises DawnbenchError where there is one already."""
        self._ours, self._peers, self._facts, self._command, self._out = ours, peers, facts, command, out
        self._lines = Lines(out.with_suffix(".jsonl"))
        self._lines.append("measurement", {"command": command, "facts": facts})
        self._trials: list[TrialLine] = []
        self._turns: list[TurnLine] = []

    def take(self, turns: Sequence[tuple[Side, int, int]], seed: int) -> bool:
        """Take the turns (see `turns.order`) and return whether all came to their end."""
        with Sampler(open_sources(self._facts["uuid"]), lambda _: None, HERTZ) as sampler:
            for number, (side, first, count) in enumerate(turns, 1):
                try:
                    for line in take_turn(side, number, first, count, seed, sampler):
                        self._note(line)
                finally:
                    self._write()
        self._lines.close()
        return not any(turn.problem for turn in self._turns)

    def _note(self, line: TrialLine | TurnLine) -> None:
        if isinstance(line, TrialLine):
            self._trials.append(line)
            self._lines.append("trial", line)
            print(_told(line), flush=True)
        else:
            self._turns.append(line)
            self._lines.append("turn", line)
            if line.problem:
                print(f"peers: turn {line.turn}, {line.side}: {line.problem}", file=sys.stderr)

    def _write(self) -> None:
        text = page(self._ours, self._peers, self._facts, self._command, self._trials, self._turns)
        self._out.write_text(text, encoding="utf-8")


def _told(line: TrialLine) -> str:
    measured = line.measured
    took = "diverged" if measured.strict_seconds is None else f"{measured.strict_seconds:.3f} s"
    accuracy = "" if measured.accuracy is None else f", {measured.accuracy:.2%}"
    return f"{line.side}, trial {line.trial}: {took}{accuracy}{'' if measured.whole else ' (estimated)'}"
