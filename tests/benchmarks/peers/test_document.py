"""The page, and the file of lines beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers.document import page
from benchmarks.peers.known import PEERS
from benchmarks.peers.lines import Lines, Measured, TrialLine, TurnLine
from dawnbench.errors import DawnbenchError

FACTS: dict[str, Any] = {
    "gpu": "A GPU",
    "data": "cifar10",
    "fingerprint": "f" * 64,
    "uuid": "U",
    "device": "cuda",
}
PEER = PEERS["airbench94_muon"]


def trials(side: str, seconds: float, accuracy: float | None, count: int = 8) -> list[TrialLine]:
    return [
        TrialLine(
            side,
            1,
            n,
            Measured(
                seed=n,
                strict_seconds=seconds + 0.001 * n,
                own_seconds=seconds / 2,
                accuracy=None if accuracy is None else accuracy + 0.0001 * n,
                epoch_seconds=(0.25,),
                whole=accuracy is not None,
            ),
        )
        for n in range(1, count + 1)
    ]


def turn(**changed: Any) -> TurnLine:
    told: dict[str, Any] = {
        "side": "speedrun",
        "turn": 1,
        "began": "2026-01-01T00:00:00+00:00",
        "seconds": 9.0,
        "problem": None,
        "readings": {"gpu_sm_clock": {"mean": 1755.0, "peak": 1980.0, "unit": "MHz"}},
        "throttle_reasons": (),
    }
    return TurnLine(**told | changed)


def test_figures_claims_and_the_ratio() -> None:
    measured = trials("speedrun", 0.5, 0.942) + trials(PEER.name, 1.0, 0.93)
    text = page("speedrun", [PEER], FACTS, "the command", measured, [turn()])
    cells = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    assert " 94.25 %" in text
    assert " 93.05 %" in text
    assert "0.505 s" in text
    assert "0.5022" in text  # 0.5045 over 1.0045
    assert "speedrun is faster than" in text
    assert "1755 (1980)" in cells["1"]
    assert "`the command`" in text
    assert "fingerprint: " + "f" * 64 in text
    assert "U" not in {line.partition(": ")[2] for line in text.splitlines()}


def test_estimates_are_told_and_have_no_accuracy() -> None:
    measured = trials("speedrun", 0.5, 0.94) + trials(PEER.name, 1.0, None)
    text = page("speedrun", [PEER], FACTS | {"device": "cpu"}, "c", measured, [])
    (row,) = [
        line
        for line in text.splitlines()
        if line.startswith("| airbench94") and "1.00" in line and "SD" not in line
    ][:1]
    assert row.split("|")[-3].strip() == "-"
    assert "naive port" in text
    (clocks,) = [line for line in text.splitlines() if line.startswith("| airbench94") and "0.250 s" in line]
    assert clocks.split("|")[-2].strip() == "8"


def test_a_page_before_any_trial_and_what_went_wrong() -> None:
    text = page(
        "speedrun",
        [PEER],
        FACTS,
        "c",
        [],
        [turn(problem="0 of 8 trials: no memory", throttle_reasons=("heat",))],
    )
    assert "Turn 1 ended early, 0 of 8 trials: no memory" in text
    assert "In turn 1 the GPU ran below its clocks: heat" in text
    assert "over each peer" not in text


def test_a_diverged_trial_counts_as_no_accuracy_at_all() -> None:
    lost = TrialLine("speedrun", 1, 3, Measured(3, None, None, 0.0, (), True))
    text = page("speedrun", [PEER], FACTS, "c", [*trials("speedrun", 0.5, 0.942, 2), lost], [])
    assert "62.81 %" in text


def test_lines_are_there_at_once_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lines.jsonl"
    lines = Lines(path)
    lines.append("trial", trials("speedrun", 0.5, 0.94)[0])
    told = json.loads(path.read_text())
    assert (told["event"], told["side"], told["measured"]["seed"]) == ("trial", "speedrun", 1)
    lines.close()
    with pytest.raises(DawnbenchError, match="holds an earlier measurement"):
        Lines(path)
