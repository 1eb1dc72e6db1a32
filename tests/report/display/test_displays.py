from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.report.display import JsonLinesDisplay, PlainDisplay, TerminalDisplay, summary_table
from dawnbench.report.display.display import Display
from dawnbench.report.text.log import render_log
from tests.cli.made_runs import words
from tests.records.examples import RUN, TRIAL, epoch
from tests.report.text.test_log import BROKEN
from tests.report.text.test_status_line import screen

FOLDER = Path("/runs/20260203T040506Z-davidnet-0a1b2c")
RECORD = RunRecord(
    **{name: getattr(RUN, name) for name in RUN.__slots__} | {"recipe": {"epochs": 2}, "trials": 2}
)
NOTE = "the training steps could not be captured (a \x1b[2J kernel)"
EPOCHS = (epoch(), epoch(epoch=2, train_loss=math.nan, validation_loss=math.inf), epoch(trial=2))


def show(display: Display, trials: tuple[TrialRecord, ...] = (TRIAL, BROKEN)) -> None:
    """Let a display hear of a run with two trials."""
    display.preparing("preparing davidnet")
    display.loading("reading cifar10", 0, 10)
    display.loading("reading cifar10", 10, 10)
    display.preparing("building davidnet")
    display.run_started(RECORD, FOLDER, steps=4)
    display.preparing("compiling", slow=True)
    display.noted(NOTE)
    for trial in trials:
        display.trial_started(trial.trial, trial.seed)
        display.step(1)
        for record in EPOCHS:
            if record.trial == trial.trial:
                display.epoch_ended(record)
        display.trial_ended(trial)
    display.close()


def plain(style: Any = "milliseconds") -> str:
    file = io.StringIO()
    show(PlainDisplay(file, style))
    return file.getvalue()


def tables(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("style", ["milliseconds", "seconds"])
def test_a_pipe_gets_the_tables_of_the_log(style: Any) -> None:
    log = render_log(Run(FOLDER, RECORD, (TRIAL, BROKEN), EPOCHS, ()), style)
    trials = log[log.index("## Trial 1") : log.index("## Time under")]
    assert tables(plain(style)) == tables(trials)
    assert len(tables(trials)) == 2 * 2 + len(EPOCHS)


def test_a_pipe_gets_no_control_codes() -> None:
    assert all(character.isprintable() or character == "\n" for character in plain())


def test_a_pipe_is_told_what_runs_where_and_how_each_trial_ended() -> None:
    lines = plain().splitlines()
    assert lines[:3] == ["reading cifar10", "davidnet on AMD EPYC (cpu, fp32)", f"run folder {FOLDER}"]
    assert lines[3] == "compiling"
    assert lines[5] == ""
    assert "trial 1/2, seed 7" in lines
    assert "trial 2/2, seed 8" in lines
    assert "target reached after epoch 1, 2.000 s" in lines
    assert "warning: the host's clock says nothing" in lines
    assert lines[-1] == "interrupted: interrupted from the keyboard"


def test_every_row_is_written_through_at_once() -> None:
    class Pipe(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed = self.tell()

    pipe = Pipe()
    display = PlainDisplay(pipe, "seconds")
    display.run_started(RECORD, FOLDER, 4)
    display.trial_started(1, 7)
    display.epoch_ended(EPOCHS[0])
    assert pipe.flushed == pipe.tell() > 0


def json_lines() -> list[dict[str, Any]]:
    file = io.StringIO()
    show(JsonLinesDisplay(file))

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert file.getvalue().endswith("\n")
    return [json.loads(line, parse_constant=refuse) for line in file.getvalue().splitlines()]


def test_every_json_line_parses_and_names_its_event() -> None:
    assert [line["event"] for line in json_lines()] == [
        "run",
        "note",
        *("epoch", "epoch", "trial"),
        *("epoch", "trial"),
    ]


def test_json_lines_hold_what_the_run_folder_holds() -> None:
    run, _, first, second, trial, *_ = json_lines()
    assert (run["folder"], run["steps"]) == (str(FOLDER), 4)
    assert run["recipe"] == {"epochs": 2}
    assert set(RunRecord.__slots__) <= run.keys()
    assert set(EpochRecord.__slots__) <= first.keys()
    assert (second["train_loss"], second["validation_loss"]) == (None, None)
    assert trial["seconds"] == {"dawnbench": 2.0, "cold": None}
    assert trial["segments"][0]["name"] == "load"


def test_a_pipe_is_told_before_the_trials_what_could_not_be_done() -> None:
    lines = plain().splitlines()
    (note,) = (line for line in lines if line.startswith("note: "))
    assert note == "note: the training steps could not be captured (a ?[2J kernel)"
    assert lines.index(f"run folder {FOLDER}") < lines.index(note) < lines.index("trial 1/2, seed 7")


def test_a_json_line_tells_what_could_not_be_done() -> None:
    assert json_lines()[1] == {"event": "note", "note": NOTE}


@pytest.mark.parametrize("make", [Display, lambda: PlainDisplay(io.StringIO(), "seconds")])
def test_a_display_remembers_the_run_folder(make: Any) -> None:
    display = make()
    assert display.folder is None
    show(display)
    assert display.folder == FOLDER


def printed(thing: Any) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(thing)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_summary_has_a_row_a_trial_with_its_times_and_accuracy() -> None:
    text = printed(summary_table(Run(FOLDER, RECORD, (TRIAL, BROKEN), EPOCHS, ())))
    cells = [line.split() for line in text.splitlines() if line.strip()]
    assert cells[0] == ["time", "under", "each", "rule"]
    assert cells[1] == ["trial", "dawnbench", "cold", "target", "accuracy"]
    assert cells[3:5] == [
        ["1", "2.000", "s", "-", "epoch", "1", "95.00", "%"],
        ["2", "-", "-", "interrupted", "-"],
    ]
    assert "A dash under dawnbench and cold of trial 2: the trial was interrupted" in words(text)
    assert "\x1b" not in text


def test_the_summary_of_a_run_without_trials_is_its_head() -> None:
    cells = [line.split() for line in printed(summary_table(Run(FOLDER, RECORD, (), (), ()))).splitlines()]
    assert ["trial", "target", "accuracy"] in cells


@pytest.mark.parametrize("width", [80, 200])
def test_a_terminal_shows_every_epoch_and_leaves_counts_out_where_it_is_narrow(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    show(TerminalDisplay(console, "milliseconds"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("00m 01.500s") == len(EPOCHS)
    assert ("ValCorrect" in text) == (width == 200)
    assert text.count("note: the training steps could not be captured (a ") == 1
    assert "\x1b[2J" not in text
    assert "target reached after epoch 1, 2.000 s" in text
    assert "interrupted: interrupted from the keyboard" in text


def test_a_terminal_says_what_it_waits_for_on_one_line_that_goes() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    display = TerminalDisplay(console, "milliseconds")
    display.preparing("reading cifar10")
    display.preparing("building")
    display.run_started(RECORD, FOLDER, steps=4)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert screen(text)[0] == "davidnet on AMD EPYC (cpu, fp32), to 94.00 %"
    assert text.index("reading cifar10") < text.index("building") < text.index("davidnet on")
    display.preparing("compiling: up to a minute", slow=True)
    display.close()
    assert "compiling: up to a minute" in console.file.getvalue()  # type: ignore[attr-defined]


def test_an_end_before_the_run_began_leaves_an_empty_line() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    display = TerminalDisplay(console, "milliseconds")
    display.preparing("reading cifar10")
    display.close()
    assert screen(console.file.getvalue()) == [""]  # type: ignore[attr-defined]
