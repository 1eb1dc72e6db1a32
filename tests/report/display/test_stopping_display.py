"""A run whose number of trials nobody knows yet, in each display."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dawnbench.records.schema import LookRecord, StoppingRecord
from dawnbench.report.display import JsonLinesDisplay, PlainDisplay, TerminalDisplay
from dawnbench.report.display.display import Display
from dawnbench.report.display.pairs import PairsDisplay
from dawnbench.report.text.watch import watch
from dawnbench.stats.sequential import AutoTrials
from dawnbench.stats.stopping import begin_stopping
from tests.cli.made_runs import trial
from tests.records.examples import RUN, TRIAL
from tests.records.folders import make_run

BEGUN = begin_stopping(AutoTrials(), "run")
LOOKED = replace(BEGUN, looks=(LookRecord(8, 0.2, 0.009, None, None),))
STOPPED = replace(LOOKED, ended="settled", reason="the claim \x1b[2Jholds")
RECORD = replace(RUN, recipe={"epochs": 2}, trials=40, stopping=BEGUN)


def show(display: Display, *seen: StoppingRecord) -> None:
    display.run_started(RECORD, Path("runs/one"), steps=4)
    display.trial_started(5, 4)
    display.step(2)
    display.trial_ended(TRIAL)
    for stopping in seen:
        display.looked(stopping)
    display.close()


def plain(*seen: StoppingRecord) -> str:
    file = io.StringIO()
    show(PlainDisplay(file, "seconds"), *seen)
    return file.getvalue()


def terminal(*seen: StoppingRecord) -> str:
    file = io.StringIO()
    console = Console(file=file, width=200, force_terminal=True, color_system=None)
    show(TerminalDisplay(console, "seconds"), *seen)
    return file.getvalue()


@pytest.mark.parametrize("shown", [plain, terminal])
def test_a_trial_is_one_of_at_most_so_many_and_the_end_says_why(shown: object) -> None:
    text = shown(LOOKED, STOPPED)  # type: ignore[operator]
    assert "trial 5 of at most 40, seed 4" in text
    assert text.count("Stopped by --trials auto (at most 40 trials): the claim ?[2Jholds.") == 1
    assert "Stopped" not in shown(LOOKED)  # type: ignore[operator]


def test_the_time_left_in_a_terminal_is_an_upper_bound() -> None:
    text = terminal()
    assert "left at most" in text
    assert "/160 steps" in text


def test_a_program_gets_a_line_for_each_look() -> None:
    file = io.StringIO()
    show(JsonLinesDisplay(file), LOOKED, STOPPED)
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    look = {"event": "look", "trials": 8, "p_value": 0.2, "level": 0.009, "low": None, "high": None}
    assert [line for line in lines if line["event"] == "look"] == [
        {**look, "ended": None, "reason": None},
        {**look, "ended": "settled", "reason": "the claim \x1b[2Jholds"},
    ]


def test_pairs_are_of_at_most_so_many() -> None:
    file = io.StringIO()
    pairs = PairsDisplay(Console(file=file, width=120, force_terminal=True), "dawnbench", 40, at_most=True)
    pairs.a.run_started(RECORD, Path("runs/one"), 10)
    pairs.a.trial_ended(trial(5, 2.6))
    pairs.close()
    text = file.getvalue()
    assert "pair  5 of at most 40  " in text
    assert "0.0 of at most 80 trials" in text
    assert "left at most" in text


def test_watching_a_run_that_stopped_tells_why(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [TRIAL], (), status="finished", trials=8, stopping=STOPPED)
    file = io.StringIO()
    watch(
        folder,
        PlainDisplay(file, "seconds"),
        pause=lambda _seconds: None,
        clock=lambda: 0.0,
        complain=lambda _sentence: None,
    )
    assert "Stopped by --trials auto (at most 40 trials)" in file.getvalue()
