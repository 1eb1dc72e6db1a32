"""The order of turns, and what is kept of each."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers.lines import Measured, TrialLine, TurnLine
from benchmarks.peers.turns import order, take_turn
from dawnbench.telemetry import Sampler


@dataclass(frozen=True)
class Fake:
    """A side whose process prints what it is told."""

    name: str
    source: str = ""

    def command(self, trials: int, seed: int) -> list[str]:
        return [sys.executable, "-c", self.source, str(trials), str(seed)]

    def read(self, line: str) -> Measured | None:
        told = json.loads(line)
        return None if told is None else Measured(**told)


def taken(source: str, count: int = 2) -> list[TrialLine | TurnLine]:
    with Sampler([], lambda _: None) as sampler:
        return list(take_turn(Fake("a", source), 7, 3, count, 100, sampler))


def test_four_turns_are_a_b_b_a() -> None:
    turns = list(order([Fake("a"), Fake("b")], 3, 2))
    assert [(side.name, first, count) for side, first, count in turns] == [
        ("a", 1, 2),
        ("b", 1, 2),
        ("b", 3, 1),
        ("a", 3, 1),
    ]


@given(st.integers(1, 4), st.integers(1, 30), st.integers(1, 12))
def test_every_side_has_every_trial_once(sides: int, trials: int, block: int) -> None:
    turns = list(order([Fake(str(i)) for i in range(sides)], trials, block))
    for side in range(sides):
        numbers = [
            n for who, first, count in turns if who.name == str(side) for n in range(first, first + count)
        ]
        assert numbers == list(range(1, trials + 1))


def test_trials_are_numbered_within_their_side_and_seeded_apart() -> None:
    measured = asdict(Measured(102, 1.5, None, 0.9, (), True))
    lines = taken(
        f"import json,sys; print('null'); print(json.dumps({measured} | {{'seed': int(sys.argv[2])}}))", 1
    )
    assert lines[0] == TrialLine("a", 7, 3, Measured(102, 1.5, None, 0.9, [], True))  # type: ignore[arg-type]
    assert isinstance(lines[1], TurnLine)
    assert lines[1].problem is None
    assert lines[1].seconds > 0


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise ValueError('it broke')", "0 of 2 trials: ValueError: it broke"),
        ("print('null')", "0 of 2 trials: no message"),
    ],
)
def test_a_turn_that_fails_says_why(source: str, told: str) -> None:
    (turn,) = taken(source)
    assert isinstance(turn, TurnLine)
    assert turn.problem == told
