from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from dawnbench.report.display.pairs import PairsDisplay
from tests.cli.made_runs import HOSTILE, steers, trial
from tests.records.examples import RUN
from tests.report.text.test_status_line import screen

FOLDERS = (Path("runs/20260203T040506Z-narrow-0a1b2c"), Path("runs/20260203T040507Z-wide-3d4e5f"))


def display(width: int = 120, terminal: bool = False, rule: str = "dawnbench") -> PairsDisplay:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    return PairsDisplay(console, rule, pairs=20)


def begin(pairs: PairsDisplay) -> None:
    for side, folder, name in zip((pairs.a, pairs.b), FOLDERS, ("narrow", "wide"), strict=True):
        side.run_started(replace(RUN, recipe_name=name), folder, 10)


def printed(pairs: PairsDisplay) -> str:
    return pairs.console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_a_pipe_gets_what_runs_where_and_a_line_a_trial() -> None:
    pairs = display()
    begin(pairs)
    pairs.a.trial_ended(trial(1, 2.6))
    pairs.b.trial_ended(trial(1, 2.5123, epochs=None))
    pairs.b.trial_ended(trial(12, 2.75))
    pairs.close()
    assert printed(pairs).splitlines() == [
        f"A narrow on AMD EPYC (cpu, fp32), {FOLDERS[0]}",
        f"B wide on AMD EPYC (cpu, fp32), {FOLDERS[1]}",
        "pair  1/20  A     2.600 s   94.05 %",
        "pair  1/20  B           -   94.05 %",
        "pair 12/20  B     2.750 s   94.05 %",
    ]


def test_the_time_is_by_the_rule_of_the_verdict() -> None:
    pairs = display(rule="airbench")
    pairs.a.trial_ended(trial(1, 2.6, epochs=None))
    assert "2.700 s" in printed(pairs)


def test_a_trial_that_broke_off_says_why_and_warnings_are_shown() -> None:
    pairs = display()
    broken = trial(1, status="diverged", epochs=None, reason="the training loss was nan", warnings=("a", "b"))
    pairs.a.trial_ended(broken)
    assert printed(pairs) == "pair  1/20  A           -         -  the training loss was nan  a  b\n"


def test_a_note_names_its_side() -> None:
    pairs = display()
    pairs.b.noted("the training steps could not be captured")
    assert printed(pairs) == "B note: the training steps could not be captured\n"


def test_each_side_remembers_its_folder() -> None:
    pairs = display()
    assert (pairs.a.folder, pairs.b.folder) == (None, None)
    begin(pairs)
    assert (pairs.a.folder, pairs.b.folder) == FOLDERS


def test_a_long_path_stays_on_its_line_in_a_pipe() -> None:
    pairs = display(width=40)
    begin(pairs)
    assert len(printed(pairs).splitlines()) == 2


def test_a_pipe_is_told_once_what_is_loaded() -> None:
    pairs = display()
    for done in range(0, 11, 5):
        pairs.a.loading("reading cifar10", done, 10)
    pairs.b.loading("reading cifar100", 0, 0)
    assert printed(pairs) == "reading cifar10\nreading cifar100\n"


def test_a_terminal_sees_how_far_the_data_have_come() -> None:
    pairs = display(80, terminal=True)
    pairs.a.loading("reading cifar10", 5, 10)
    pairs.a.loading("reading cifar10", 10, 10)
    assert screen(printed(pairs)) == ["reading cifar10 100 %", ""]
    assert "reading cifar10 50 %" in printed(pairs)


def test_a_terminal_has_a_bar_that_goes_through_the_trials_of_both_sides() -> None:
    pairs = display(80, terminal=True)
    begin(pairs)
    task = pairs._progress.tasks[0]
    assert (task.completed, task.total) == (0, 40)
    pairs.a.step(5)
    assert task.completed == 0.5
    pairs.a.trial_ended(trial(1))
    assert task.completed == 1
    pairs.b.step(10)
    assert task.completed == 2
    pairs.b.trial_ended(trial(1))
    assert task.completed == 2
    assert not pairs._progress.finished
    pairs.close()
    assert "0.0/40 trials" in printed(pairs)
    assert "\x1b[?25h" in printed(pairs), "the cursor is back"


def test_closing_before_anything_began_prints_nothing() -> None:
    pairs = display()
    pairs.close()
    assert printed(pairs) == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_a_recipe_without_steps_moves_no_bar(terminal: bool) -> None:
    pairs = display(80, terminal)
    pairs.a.run_started(RUN, FOLDERS[0], 0)
    pairs.a.step(0)
    pairs.close()


@settings(max_examples=50)
@given(text=st.text() | st.just(HOSTILE), reason=st.text())
def test_no_name_and_no_reason_steers_the_terminal(text: str, reason: str) -> None:
    pairs = display()
    pairs.a.loading(text, 0, 0)
    pairs.a.run_started(replace(RUN, recipe_name=text, device_name=text), Path("runs", "a"), 10)
    pairs.a.noted(text)
    pairs.a.trial_ended(trial(1, reason=reason, warnings=(text,)))
    assert not steers(printed(pairs))


def test_a_terminal_says_which_side_it_waits_for() -> None:
    pairs = display(terminal=True)
    pairs.a.preparing("preparing narrow")
    begin(pairs)
    pairs.b.preparing("compiling [b]", slow=True)
    pairs.close()
    shown = printed(pairs)
    assert shown.index("A: preparing narrow") < shown.index("A narrow on") < shown.index("B: compiling [b]")


def test_a_pipe_hears_only_of_what_takes_long() -> None:
    pairs = display()
    pairs.a.preparing("preparing narrow")
    pairs.b.preparing("compiling", slow=True)
    assert printed(pairs) == "B: compiling\n"
