"""Sides that take turns in processes of their own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dawnbench.campaigns.turns import Turn, TurnSide, in_order, python_side, rounds, take_turn
from dawnbench.errors import DawnbenchError


def test_every_second_round_goes_backwards() -> None:
    assert ["".join(in_order("ABC", number)) for number in range(3)] == ["ABC", "CBA", "ABC"]


def test_the_last_round_has_the_trials_that_are_left() -> None:
    assert list(rounds("AB", 5, block=2)) == [
        *(("A", 1, 2), ("B", 1, 2)),
        *(("B", 3, 2), ("A", 3, 2)),
        *(("A", 5, 1), ("B", 5, 1)),
    ]


def side_that_prints(*events: dict[str, Any], then: str = "") -> TurnSide:
    lines = "".join(f"print({json.dumps(json.dumps(event))})\n" for event in events)
    return TurnSide("A", lambda _trials, _seed: [sys.executable, "-c", f"import sys\n{lines}{then}"])


TRIAL = {"event": "trial", "status": "finished"}


def test_a_turn_has_its_folder_and_tells_each_trial() -> None:
    ended: list[dict[str, Any]] = []
    turn = Turn("A")
    side = side_that_prints({"event": "run", "folder": "there"}, TRIAL, TRIAL | {"status": "diverged"})
    take_turn(turn, side, 2, 0, ended.append)
    assert (turn.folder, turn.problem) == (Path("there"), None)
    assert [event["status"] for event in ended] == ["finished", "diverged"]


@pytest.mark.parametrize(
    ("then", "problem"),
    [
        ("sys.exit('dawnbench: no memory')", "1 of 2 trials: no memory"),
        ("sys.exit(7)", "1 of 2 trials: exit status 7"),
    ],
)
def test_a_turn_that_ends_early_says_why(then: str, problem: str) -> None:
    turn = Turn("A")
    take_turn(turn, side_that_prints(TRIAL, then=then), 2, 0, lambda _: None)
    assert turn.problem == problem


def test_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    def interrupted(_event: object) -> None:
        raise KeyboardInterrupt

    written = tmp_path / "records"
    then = (
        "import signal, time\n"
        f"def end(*_):\n  open({str(written)!r}, 'w').close()\n  sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\nprint('{}', flush=True)\ntime.sleep(60)"
    ).replace("{}", json.dumps(TRIAL))
    turn = Turn("A")
    with pytest.raises(KeyboardInterrupt):
        take_turn(turn, side_that_prints(then=then), 2, 0, interrupted)
    assert written.exists(), "the process was not given the time to write its records"
    assert turn.problem == "interrupted"


def test_a_checkout_is_run_by_this_python_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "mine")
    (tmp_path / "dawnbench").mkdir()
    (tmp_path / "dawnbench" / "__init__.py").touch()
    side = python_side("A", str(tmp_path), ["quickstart"])
    assert side.environment == {"PYTHONPATH": f"{tmp_path}:mine"}
    assert side.command(1, 5) == [
        *(sys.executable, "-P", "-m", "dawnbench", "run", "quickstart"),
        *("--json", "--trials=1", "--seed=5"),
    ]
    assert python_side("B", sys.executable, []).environment == {}


@pytest.mark.parametrize("place", [".", "no-such-python"])
def test_a_path_that_is_neither_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DawnbenchError, match=f"{place} is not a .*checkout of dawnbench"):
        python_side("A", place, [])
