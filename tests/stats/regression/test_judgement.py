from __future__ import annotations

import itertools
from typing import get_args

import pytest

from dawnbench.stats.regression.judgement import Gate, Judgement, Outcome

WORST_FIRST: tuple[Outcome, ...] = ("regression", "too fast", "not comparable", "too few trials", "holds")


def gate(outcome: Outcome) -> Gate:
    return Gate("time", outcome, "said", "s", None, None, None, None, None)


def judged(*outcomes: Outcome, notes: tuple[str, ...] = ()) -> Judgement:
    gates = tuple(gate(outcome) for outcome in outcomes)
    return Judgement("run", "v1", "davidnet", "NVIDIA H200", "dawnbench", gates, notes)


def test_all_outcomes_are_ordered() -> None:
    assert set(WORST_FIRST) == set(get_args(Outcome))


@pytest.mark.parametrize("pair", list(itertools.product(WORST_FIRST, repeat=2)))
def test_the_outcome_is_the_worst_of_the_gates(pair: tuple[Outcome, Outcome]) -> None:
    assert judged(*pair).outcome == min(pair, key=WORST_FIRST.index)


def test_without_a_gate_nothing_was_comparable() -> None:
    assert judged().outcome == "not comparable"
    assert judged().line == "regress: not comparable"


def test_the_closing_line_names_every_gate() -> None:
    gates = (gate("holds"), Gate("accuracy", "regression", "said", "%", None, None, None, None, None))
    found = Judgement("run", "v1", "davidnet", "NVIDIA H200", "dawnbench", gates, ("a note",))
    assert found.line == "regress: regression (time holds, accuracy regression)"


def test_the_closing_line_of_nothing_comparable_says_why_on_one_line() -> None:
    found = judged(notes=("the data differ: a\nb has\tc", "another note"))
    assert found.line == "regress: not comparable (the data differ: a b has c)"
