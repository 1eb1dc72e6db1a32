"""A turn of a peer on the CPU: the port, the hooks, what is timed and what is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.peers.child import Request, measure
from dawnbench.records.reader import read_run
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import TrialRecord

EVALUATIONS = 7 * 0.2
"""Seconds that the fake's evaluations between epochs take together."""

Turn = Callable[..., list[TrialRecord]]


@pytest.fixture
def turn(script: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Turn:
    def take(epochs: int | None, trials: int = 1) -> list[TrialRecord]:
        monkeypatch.setattr(sys, "argv", [])
        monkeypatch.setenv("CIFAR_DATA", "")
        out = str(tmp_path / "runs")
        measure(Request("airbench94_muon", str(script), str(tiny), "cpu", trials, 5, epochs, out))
        (folder,) = Path(out).iterdir()
        run = read_run(folder)
        assert (run.record.status, run.warnings) == ("finished", ())
        return list(run.trials)

    return take


def epochs_of(trial: TrialRecord) -> list[float]:
    return [segment.length_ns / 1e9 for segment in trial.segments if segment.epoch is not None]


def test_a_whole_trial_is_timed_without_the_evaluations_between(turn: Turn) -> None:
    (trial,) = turn(None)
    assert trial.warnings == ()
    assert len(epochs_of(trial)) == 8
    assert trial.accuracy is not None
    assert trial.seconds["own"] == pytest.approx(sum(epochs_of(trial)), rel=0.5)
    assert trial.seconds["strict"] is not None
    assert sum(epochs_of(trial)) < trial.seconds["strict"] < EVALUATIONS
    assert RULES_BY_NAME["strict"].spent_seconds(trial.segments) == pytest.approx(trial.seconds["strict"])


def test_some_epochs_make_an_estimate(turn: Turn) -> None:
    first, second = turn(2, trials=2)
    assert (first.seed, second.seed) == (5, 6)
    for trial in (first, second):
        assert "estimate" in trial.warnings[0]
        assert trial.accuracy is None
        assert "own" not in trial.seconds
        assert len(epochs_of(trial)) == 2
        assert trial.seconds["strict"] is not None
        assert trial.seconds["strict"] > 4 * sum(epochs_of(trial))


def test_all_epochs_by_number_are_a_whole_trial(turn: Turn) -> None:
    (trial,) = turn(8)
    assert trial.warnings == ()
    assert trial.accuracy is not None


def test_a_script_that_fails_leaves_a_failed_run(turn: Turn, script: Path, tmp_path: Path) -> None:
    script.write_text("raise ValueError('it broke')")
    with pytest.raises(ValueError, match="it broke"):
        turn(None)
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder).record.status == "failed"
