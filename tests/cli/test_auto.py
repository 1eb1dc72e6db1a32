"""`--trials auto`: what it prints and refuses, and that nobody reads its results as those of a fixed run."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest

from dawnbench.cli import main
from dawnbench.cli.auto import Trials
from dawnbench.records.reader import read_run
from dawnbench.records.schema import PairingRecord, StoppingRecord
from dawnbench.stats.sequential import AutoTrials
from dawnbench.stats.stopping import begin_stopping
from tests.cli.conftest import Finished, only_run
from tests.cli.made_runs import invoke, made_run, trials, words
from tests.export.judgements import strict_json

Command = Callable[..., Finished]
SETTLED = "the accuracy claim holds: p = "


def events(shown: str, event: str) -> list[dict[str, object]]:
    return [line for line in map(json.loads, shown.splitlines()) if line["event"] == event]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--until", "1%"], "--until goes with --trials auto"),
        (["--trials", "3", "--max-trials", "9"], "--max-trials goes with --trials auto"),
        (["--max-minutes", "9"], "--max-minutes goes with --trials auto"),
        (["--trials", "auto", "--until", "0%"], "--until 0% is not between 0 and 100 %; give a share"),
        (["--trials", "auto", "--until", "soon"], "'soon' is not a share"),
        (["--trials", "auto", "--max-trials", "7"], "--max-trials 7 is not from 8 to 1000"),
        (
            ["--trials", "auto", "--max-minutes", "-1"],
            "--max-minutes -1 is not a time",
        ),
        (["--trials", "some"], "'some' is neither a whole number nor auto"),
        (["--trials", "0"], "0 is less than 1; give a number of trials, or auto"),
    ],
)
@pytest.mark.parametrize("verb", [("run", "tiny.py"), ("ab", "tiny.py", "tiny.py")])
def test_wrong_input_is_one_sentence_before_anything_runs(
    dawnbench: Command, tmp_path: Path, verb: tuple[str, ...], arguments: list[str], said: str
) -> None:
    result = dawnbench(*verb, *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert not (tmp_path / "runs").exists()


def test_a_narrow_interval_needs_more_trials_than_a_claim(dawnbench: Command) -> None:
    arguments = ("run", "tiny.py", "--trials=auto", "--until=1%", "--max-trials=9")
    assert "--max-trials 9 is not from 10 to 1000 trials" in dawnbench(*arguments).stderr


def test_a_rule_that_times_the_start_of_a_run_is_refused(dawnbench: Command) -> None:
    result = dawnbench("ab", "tiny.py", "tiny.py", "--trials=auto", "--rule=cold")
    assert result.returncode == 2
    assert "--trials auto cannot go by the rule cold" in result.stderr


def test_a_run_in_a_pipe_says_how_many_trials_at_most_and_why_it_stopped(
    dawnbench: Command, tmp_path: Path
) -> None:
    result = dawnbench("run", "tiny.py", "--trials=auto", "--epochs=4", "--target=0.5")
    assert result.returncode == 0, result.stderr
    assert "trial 1 of at most 40, seed 0" in result.stdout
    assert f"Stopped by --trials auto (at most 40 trials): {SETTLED}" in result.stdout
    found = read_run(only_run(tmp_path))
    assert found.record.trials == len(found.trials) == 8
    assert (
        f"- Trials: Stopped by --trials auto (at most 40 trials): {SETTLED}"
        in (found.folder / "log.md").read_text()
    )
    code, shown, _ = invoke("show", found.folder)
    assert code == 0
    assert SETTLED in words(shown)
    assert "at a sequential bound of 0.009" in words(shown)


def test_json_lines_carry_the_rule_each_look_and_the_end(dawnbench: Command) -> None:
    arguments = ("run", "tiny.py", "--trials=auto", "--epochs=4", "--target=0.5", "--max-trials=20", "--json")
    shown = dawnbench(*arguments).stdout
    (begun,) = events(shown, "run")
    assert begun["trials"] == 20
    assert isinstance(begun["stopping"], dict)
    assert (begun["stopping"]["question"], begun["stopping"]["max_trials"]) == ("claim", 20)
    (look,) = events(shown, "look")
    assert (look["trials"], look["ended"]) == (8, "settled")
    assert str(look["reason"]).startswith(SETTLED)
    assert len(events(shown, "trial")) == 8


def test_a_campaign_prints_the_verdict_by_the_bound_and_why_it_stopped(dawnbench: Command) -> None:
    sides = ("--set=model.width=16", "--set=model.width=2048")
    result = dawnbench(
        "ab", "tiny.py", *sides, "--trials=auto", "--max-trials=9", "--epochs=2", "--rule=strict"
    )
    assert result.returncode == 0, result.stderr
    assert "pair 1 of at most 9  A" in result.stdout
    assert re.search(
        r"[89] pairs, Wilcoxon's test at a sequential bound of 0\.00\d+: p", words(result.stdout)
    )
    assert "Stopped by --trials auto (at most 9 pairs)" in result.stdout


def test_an_interrupt_keeps_what_there_is(command: list[str], tmp_path: Path) -> None:
    options = ("--trials=auto", "--until=0.001%", "--max-trials=1000", "--epochs=2", "--target=0.1", "--json")
    process = subprocess.Popen(
        [*command, "run", "tiny.py", *options],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    while '"look"' not in (line := process.stdout.readline()):
        assert line, "it ended before it was interrupted"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    found = read_run(only_run(tmp_path))
    assert found.record.status == "interrupted"
    assert found.record.stopping is not None
    assert found.record.stopping.looks
    shown = words(invoke("show", found.folder)[1])
    assert "--trials auto (at most 1000 trials) had not stopped." in shown


def test_the_shell_completes_auto() -> None:
    offered = Trials().shell_complete(click.Context(main), click.Option(["--trials"]), "a")
    assert [item.value for item in offered] == ["auto"]


# --- the reading side ---


def rule(**changes: object) -> StoppingRecord:
    usual = {"ended": "settled", "reason": "the verdict is what it is"}
    return replace(begin_stopping(AutoTrials(), "ab"), **{**usual, **changes})  # type: ignore[arg-type]


def campaign(folder: Path, **changes: object) -> tuple[Path, Path]:
    """Ten pairs that differ by 0.4 % for nine pairs and agree in the tenth: p = 0.0039."""
    a, b = trials(2.6), trials(2.6 * 1.004)
    b[4] = replace(b[4], seconds={**b[4].seconds, "dawnbench": (a[4].seconds["dawnbench"] or 0) - 1e-6})
    made = [
        made_run(folder / side, recorded, pairing=PairingRecord("c0ffee", side), **changes)  # type: ignore[arg-type]
        for side, recorded in (("A", a), ("B", b))
    ]
    return made[0], made[1]


def test_compare_judges_a_campaign_by_its_own_bound(tmp_path: Path) -> None:
    fixed = invoke("compare", *campaign(tmp_path / "fixed"))[1]
    assert "B is slower than A" in fixed
    auto = words(invoke("compare", *campaign(tmp_path / "auto", stopping=rule()))[1])
    assert "No difference shown between B and A" in auto
    assert "at a sequential bound of 0.0025: p = 0.0039" in auto
    assert ", 99 % interval" in auto
    assert "Stopped by --trials auto (at most 40 pairs): the verdict is what it is." in auto


def test_compare_as_json_and_report_say_so_too(tmp_path: Path) -> None:
    a, b = campaign(tmp_path, stopping=rule())
    (found,) = strict_json(invoke("compare", a, b, "--json")[1])
    assert found["stopping"]["ended"] == "settled"
    assert found["times"][0]["level"] < 0.01
    assert found["verdict"] == "no difference shown"
    report = tmp_path / "report.md"
    assert invoke("report", a, b, "-o", report)[0] == 0
    text = report.read_text()
    assert "No difference shown between B and A" in text
    assert text.count("Stopped by --trials auto (at most 40 pairs): the verdict is what it is.") == 3


def test_a_page_says_so_too(tmp_path: Path) -> None:
    a, _ = campaign(tmp_path, stopping=rule())
    page = tmp_path / "report.html"
    assert invoke("report", a, "-o", page)[0] == 0
    assert "Stopped by --trials auto (at most 40 pairs)" in page.read_text()


def test_a_comparison_with_another_run_is_marked_as_approximate(tmp_path: Path) -> None:
    a, b = campaign(tmp_path, stopping=rule())
    other = made_run(tmp_path / "other")
    approximate = "--trials auto chose its number of trials by their results, so p-values"
    assert approximate in words(invoke("compare", a, other)[1])
    assert approximate not in words(invoke("compare", a, b)[1])
    assert approximate in words(invoke("show", f"{tmp_path}/*")[1])


def test_a_folder_with_an_impossible_rule_is_still_read(tmp_path: Path) -> None:
    a, b = campaign(tmp_path, stopping=rule(max_trials=2**62, first_look=1))
    code, shown, _ = invoke("compare", a, b)
    assert code == 0
    assert "too few trials to show it" in words(shown)
    assert invoke("show", a)[0] == 0
