"""What is said when a run has ended."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dawnbench.records.bounds import finite
from dawnbench.records.reader import Run
from dawnbench.records.schema import TrialRecord
from dawnbench.report.display.ending import (
    next_commands,
    print_ending,
    print_results,
    series_sentence,
    summary_event,
    target_sentence,
)
from tests.cli.made_runs import trial, trials, words
from tests.records.examples import RUN

MISS = trial(3, epochs=None, accuracy=0.9312)


def run(*made: TrialRecord, **changes: Any) -> Run:
    return Run(Path("/runs/a"), replace(RUN, **{"status": "finished", **changes}), made, (), ())


def printed(shown: Run, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_results(console, shown)
    print_ending(console, shown)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("made", "changes", "sentence"),
    [
        ([trial(1)], {}, "target of 94.00 % reached by 1 of 1 trial"),
        ([trial(1), trial(2)], {}, "target of 94.00 % reached by 2 of 2 trials"),
        (
            [trial(1), trial(2), MISS],
            {},
            "target of 94.00 % MISSED by 1 of 3 trials; its best epoch reached 93.12 %",
        ),
        (
            [MISS, replace(MISS, best_accuracy=0.91)],
            {},
            "target of 94.00 % MISSED by 2 of 2 trials; their best epoch reached 93.12 %",
        ),
        (
            [replace(MISS, status="diverged", best_accuracy=None)],
            {},
            "target of 94.00 % MISSED by 1 of 1 trial",
        ),
        (
            [trial(1), replace(MISS, status="interrupted")],
            {"status": "interrupted"},
            "interrupted; target of 94.00 % reached by 1 of 1 trial",
        ),
        (
            [replace(MISS, status="failed")],
            {"status": "failed"},
            "failed; target of 94.00 % not reached: no trial ran to its end",
        ),
    ],
)
def test_the_target_in_one_line(made: list[TrialRecord], changes: dict[str, Any], sentence: str) -> None:
    shown = run(*made, **changes)
    assert target_sentence(shown) == sentence
    assert printed(shown, width=40).splitlines()[-1] == sentence


def test_times_of_whole_trials_are_not_called_times_to_the_target() -> None:
    text = printed(run(trial(1), MISS))
    assert "time to target" not in text
    (row,) = (line for line in text.splitlines() if line.strip().startswith("3 "))
    assert "missed" in row
    assert "airbench and strict time whole trials, whether they reached the target or not." in words(text)


def test_the_next_commands_can_be_pasted() -> None:
    odd = Path("my runs/it's one")
    assert next_commands(odd)[0] == """dawnbench show 'my runs/it'"'"'s one'"""
    text = printed(replace(run(trial(1)), folder=Path("/runs") / ("long" * 30)), width=40)
    assert f"  dawnbench show /runs/{'long' * 30}" in text.splitlines()


def test_a_series_tells_which_models_missed() -> None:
    good, bad = run(trial(1)), run(MISS, recipe_name="bad")
    unknown = run(replace(MISS, status="interrupted"))
    assert series_sentence([good, good], 2) == "target reached by 2 of 2 models"
    assert series_sentence([good, bad, unknown], 3) == "target reached by 1 of 3 models; MISSED by bad"


def test_the_closing_event_holds_the_summary() -> None:
    event = json.loads(json.dumps(finite(summary_event(run(*trials(2.6, 4, missed=1)))), allow_nan=False))
    assert (event["trials"], event["reached"], event["target_reached"]) == (4, 3, False)
    assert (event["recipe"], event["status"], event["target"]) == ("davidnet", "finished", 0.94)
    time = event["seconds"]["dawnbench"]
    assert (time["count"], time["missed"]) == (3, 1)
    assert time["interval"]["low"] <= time["mean"] <= time["interval"]["high"]
    assert time["expected"]["seconds"] > time["mean"]
    assert event["accuracy"]["count"] == 4


def test_the_closing_event_of_misses_alone_has_no_mean() -> None:
    event = finite(summary_event(run(MISS)))
    assert event["seconds"]["dawnbench"] == {
        "count": 0,
        "missed": 1,
        "expected": {"seconds": None, "interval": None},
    }
    assert event["epochs"] is None
