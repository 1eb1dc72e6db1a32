"""A turn of a peer on the CPU: the port, the hooks, what is timed and what is not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers.child import Request, measure

EVALUATIONS = 7 * 0.2
"""Seconds that the fake's evaluations between epochs take together."""

Turn = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def turn(
    script: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Turn:
    def take(epochs: int | None, trials: int = 1) -> list[dict[str, Any]]:
        monkeypatch.chdir(script.parent)
        monkeypatch.setattr(sys, "argv", [])
        monkeypatch.setenv("CIFAR_DATA", "")
        measure(Request("airbench94_muon", str(script), str(tiny), "cpu", trials, 5, epochs))
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return take


def test_a_whole_trial_is_timed_without_the_evaluations_between(turn: Turn) -> None:
    (trial,) = turn(None)
    assert trial["whole"]
    assert len(trial["epoch_seconds"]) == 8
    assert 0 <= trial["accuracy"] <= 1
    assert trial["own_seconds"] == pytest.approx(sum(trial["epoch_seconds"]), rel=0.5)
    assert sum(trial["epoch_seconds"]) < trial["strict_seconds"] < EVALUATIONS


def test_some_epochs_make_an_estimate(turn: Turn) -> None:
    first, second = turn(2, trials=2)
    assert (first["seed"], second["seed"]) == (5, 6)
    for trial in (first, second):
        assert not trial["whole"]
        assert trial["accuracy"] is None
        assert trial["own_seconds"] is None
        assert len(trial["epoch_seconds"]) == 2
        assert trial["strict_seconds"] > 4 * sum(trial["epoch_seconds"])


def test_all_epochs_by_number_are_a_whole_trial(turn: Turn) -> None:
    (trial,) = turn(8)
    assert trial["whole"]
    assert trial["accuracy"] is not None
