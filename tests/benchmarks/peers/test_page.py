"""The page, from the run folders of the turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers.known import PEERS
from benchmarks.peers.page import Turn, page
from dawnbench.records.schema import Reading, Segment, TrialRecord
from tests.records.examples import TRIAL
from tests.records.folders import make_run

PEER = PEERS["airbench94_muon"]
ESTIMATE = "its time is an estimate: 1 of 8 epochs were trained"


def trial(number: int, seconds: float, accuracy: float | None, **changes: Any) -> TrialRecord:
    train, last = round(0.9e9 * seconds), round(0.1e9 * seconds)
    assert TRIAL.telemetry is not None
    readings = {"gpu_sm_clock": Reading(1755.0, 1980.0, "MHz")}
    told: dict[str, Any] = {
        "trial": number,
        "seed": number,
        "segments": (Segment("train", 1, 0, train), Segment("final_evaluate", 1, train, last)),
        "seconds": {"strict": seconds, "own": seconds / 2},
        "accuracy": accuracy,
        "target": 0.94,
        "telemetry": replace(TRIAL.telemetry, readings=readings, throttle_reasons=()),
        "warnings": () if accuracy is not None else (ESTIMATE,),
    }
    return replace(TRIAL, **told | changes)


def turn(
    folder: Path, side: str, trials: Sequence[TrialRecord], problem: str | None = None, **changes: Any
) -> Turn:
    digest = "a" * 64 if side == PEER.name else "b" * 64
    make_run(folder / side, trials, recipe_name=side, recipe_digest=digest, target=0.94, **changes)
    return Turn(side, folder / side, problem)


def eight(seconds: float, accuracy: float | None) -> list[TrialRecord]:
    return [
        trial(n, seconds + 0.001 * n, None if accuracy is None else accuracy + 0.0001 * n)
        for n in range(1, 9)
    ]


def cells(text: str, start: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {start} "))
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_figures_claims_and_the_ratio(tmp_path: Path) -> None:
    turns = [
        turn(tmp_path, "speedrun", eight(0.5005, 0.942)),
        turn(tmp_path, PEER.name, eight(1.0, 0.93)),
    ]
    text = page("speedrun", [PEER], "cuda", turns, "the command")
    assert cells(text, "speedrun")[1:6] == ["8", "0.505 s", "0.505 s", "0.002 s", "94.25 %"]
    assert cells(text, r"airbench94\_muon")[5] == "93.05 %"
    assert "0.5027" in text  # 0.505 over 1.0045
    assert "speedrun is faster than" in text
    assert cells(text, "1")[4] == "1755"
    assert "- Command: the command" in text


def test_estimates_are_told_and_have_no_accuracy(tmp_path: Path) -> None:
    turns = [turn(tmp_path, "speedrun", eight(0.5, 0.94)), turn(tmp_path, PEER.name, eight(1.0, None))]
    text = page("speedrun", [PEER], "cpu", turns, "c")
    row = cells(text, r"airbench94\_muon")
    assert row[5] == "-"
    assert row[-3:] == ["0.502 s", "0.904 s", "8"]
    assert "naive port" in text


def test_a_page_before_any_trial_and_what_went_wrong(tmp_path: Path) -> None:
    turns = [
        Turn("speedrun", None, "0 of 8 trials: no memory"),
        turn(tmp_path, PEER.name, []),
    ]
    text = page("speedrun", [PEER], "cuda", turns, "c")
    assert "Turn 1 ended early, 0 of 8 trials: no memory" in text
    assert "compared with" not in text


def test_a_gpu_below_its_clocks_is_told(tmp_path: Path) -> None:
    assert TRIAL.telemetry is not None
    hot = replace(TRIAL.telemetry, readings={}, throttle_reasons=("heat",))
    text = page(
        "speedrun", [PEER], "cuda", [turn(tmp_path, "speedrun", [trial(1, 1.0, 0.94, telemetry=hot)])], "c"
    )
    assert cells(text, "1")[-1] == "heat"


def test_a_diverged_trial_counts_as_no_accuracy_at_all(tmp_path: Path) -> None:
    lost = replace(trial(3, 0.5, None, status="diverged", warnings=()), seconds={"strict": None})
    turns = [turn(tmp_path, "speedrun", [*eight(0.5, 0.942)[:2], lost])]
    assert cells(page("speedrun", [PEER], "cuda", turns, "c"), "speedrun")[5] == "62.81 %"


@pytest.mark.parametrize("data", ["/home/someone/cifar10.npz", "cifar10.npz"])
def test_no_folder_of_the_machine_is_shown(tmp_path: Path, data: str) -> None:
    made = turn(tmp_path, "speedrun", eight(0.5, 0.942))
    assert made.folder is not None
    path = made.folder / "run.json"
    text = path.read_text()
    assert '"source": "cifar10"' in text
    path.write_text(text.replace('"source": "cifar10"', f'"source": "{data}"'))
    shown = page("speedrun", [PEER], "cuda", [made], "c")
    assert "cifar10" in shown
    assert "someone" not in shown
    assert str(tmp_path) not in shown
