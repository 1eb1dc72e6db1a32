"""The order of turns, what is kept of each, and the whole command."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers import __main__ as peers
from benchmarks.peers.__main__ import Side, order, take_turn
from benchmarks.peers.page import Turn
from dawnbench.records.reader import read_run


def side(name: str) -> Side:
    return Side(name, lambda trials, seed: [str(trials), str(seed)])


def taken(source: str) -> Turn:
    turn = Turn("a")
    take_turn(turn, [sys.executable, "-c", source], 2)
    return turn


def test_four_turns_are_a_b_b_a() -> None:
    turns = list(order([side("a"), side("b")], 3, 2))
    assert [(one.name, first, count) for one, first, count in turns] == [
        ("a", 1, 2),
        ("b", 1, 2),
        ("b", 3, 1),
        ("a", 3, 1),
    ]


@given(st.integers(1, 4), st.integers(1, 30), st.integers(1, 12))
def test_every_side_has_every_trial_once(sides: int, trials: int, block: int) -> None:
    turns = list(order([side(str(i)) for i in range(sides)], trials, block))
    for number in range(sides):
        numbers = [
            n for who, first, count in turns if who.name == str(number) for n in range(first, first + count)
        ]
        assert numbers == list(range(1, trials + 1))


def test_a_turn_tells_its_trials_and_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        {"event": "run", "folder": "/runs/a"},
        {"event": "epoch"},
        {"event": "trial", "status": "finished", "seconds": {"strict": 1.5}, "accuracy": 0.9},
        {"event": "trial", "status": "diverged", "seconds": {"strict": None}, "accuracy": None},
    ]
    source = "\n".join(f"print({json.dumps(event)!r})" for event in events)
    assert taken(source) == Turn("a", Path("/runs/a"), None)
    assert capsys.readouterr().out.splitlines() == ["  1.500 s, 90.00%", "  diverged"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise ValueError('it broke')", "0 of 2 trials: ValueError: it broke"),
        ("pass", "0 of 2 trials: no message"),
    ],
)
def test_a_turn_that_fails_says_why(source: str, told: str) -> None:
    assert taken(source) == Turn("a", None, told)


def test_an_interrupted_turn_keeps_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.print", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    event = {"event": "trial", "status": "finished", "seconds": {"strict": 1.5}, "accuracy": 0.9}
    lines = [json.dumps({"event": "run", "folder": "/runs/a"}), json.dumps(event)]
    turn = Turn("a")
    with pytest.raises(KeyboardInterrupt):
        take_turn(turn, [sys.executable, "-c", f"print({chr(10).join(lines)!r})"], 2)
    assert turn == Turn("a", Path("/runs/a"), "interrupted")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, script: Path, tiny: Path, tmp_path: Path) -> Path:
    words = ["--peer", f"airbench94_muon={script}", "--data", str(tiny), "--trials", "1"]
    words += ["--set", "epochs=1", "--set", "batch_size=32", "--set", "model.widths=[2,2,2]"]
    words += ["--set", "model.whitening_images=64", "--set", "precision=fp32"]
    words += ["--out", str(tmp_path / "new" / "page.md"), "--runs", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", ["peers", *words])
    return tmp_path


@pytest.mark.slow
def test_both_sides_leave_run_folders_and_a_page(command: Path) -> None:
    assert peers.main() == 0
    runs = [read_run(folder) for folder in (command / "runs").iterdir()]
    assert {run.record.recipe_name for run in runs} == {"speedrun", "airbench94_muon"}
    assert len({run.record.data.fingerprint for run in runs}) == 1
    assert all(len(run.trials) == 1 and run.record.status == "finished" for run in runs)
    assert str(command) not in (command / "new" / "page.md").read_text()


def test_an_earlier_page_is_never_overwritten(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (command / "new").mkdir()
    (command / "new" / "page.md").write_text("earlier")
    assert peers.main() == 2
    assert "holds an earlier measurement" in capsys.readouterr().err
    assert (command / "new" / "page.md").read_text() == "earlier"
