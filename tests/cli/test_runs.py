from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dawnbench.cli.runs import MAX_TROUBLES, list_runs
from dawnbench.errors import DawnbenchError
from tests.cli.made_runs import invoke
from tests.cli.pseudo_terminal import shown_in_terminal
from tests.records.folders import make_run

ESCAPES = re.compile(r"\x1b\[[\d;]*m")
COLOR = re.compile(r"\x1b\[(?:\d+;)*3\d")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    for day, recipe, device in (
        (1, "davidnet", "NVIDIA H200"),
        (2, "quickstart", "NVIDIA H200"),
        (3, "davidnet-10", "AMD EPYC"),
    ):
        make_run(
            folder / f"run-{day}",
            recipe_name=recipe,
            device_name=device,
            created=f"2026-01-0{day}T00:00:00+00:00",
            target=0.9 if recipe == "quickstart" else 0.94,
            tags={"branch": "main", "day": str(day)} if recipe != "quickstart" else {},
        )
    return folder


def listed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("run-")]


def test_the_newest_run_is_the_first_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_runs(runs)
    assert listed(capsys) == ["run-3", "run-2", "run-1"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"recipe": "davidnet"}, ["run-3", "run-1"]),
        ({"device": "h200"}, ["run-2", "run-1"]),
        ({"target": "94%"}, ["run-3", "run-1"]),
        ({"target": 0.9}, ["run-2"]),
        ({"recipe": "davidnet", "device": "h200", "target": 0.94}, ["run-1"]),
        ({"limit": 2}, ["run-3", "run-2"]),
        ({"device": "h200", "limit": 1}, ["run-2"]),
        ({"tags": ["branch=main"]}, ["run-3", "run-1"]),
        ({"tags": ["branch=m*", "day=1"]}, ["run-1"]),
        ({"since": "2026-01-02"}, ["run-3", "run-2"]),
        ({"since": "2026-01-02", "tags": ["branch=main"]}, ["run-3"]),
    ],
)
def test_filters_and_limit(
    runs: Path, capsys: pytest.CaptureFixture[str], options: dict[str, object], expected: list[str]
) -> None:
    list_runs(runs, **options)  # type: ignore[arg-type]
    assert listed(capsys) == expected


def test_one_json_document_alone_is_on_standard_output(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "run-2" / "run.json").write_text("{")
    list_runs(runs, as_json=True)
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert [run["name"] for run in document["runs"]] == ["run-3", "run-1"]
    assert captured.err == f"dawnbench: {document['troubles'][0]}\n"
    code, shown, _ = invoke("runs", runs, "--json", "--recipe", "z")
    assert (code, json.loads(shown)["runs"]) == (0, [])


def test_what_cannot_be_read_is_told_apart_from_the_list(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(MAX_TROUBLES + 5):
        (runs / f"bad-\x07-{number}").mkdir()
        (runs / f"bad-\x07-{number}" / "run.json").touch()
    list_runs(runs)
    captured = capsys.readouterr()
    assert "bad-" not in captured.out
    *sentences, rest = captured.err.splitlines()
    assert len(sentences) == MAX_TROUBLES
    assert rest == "dawnbench: 5 more run folders cannot be read"
    assert "\x07" not in captured.err


def test_a_terminal_that_lacks_a_letter_shows_a_question_mark(
    runs: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(runs / "run-ü")
    with open(1, "w", encoding="ascii", closefd=False) as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        list_runs(runs)
    assert b"run-? " in capfdbinary.readouterr().out


def test_an_unknown_rule_is_an_error_that_names_the_rules(runs: Path) -> None:
    with pytest.raises(
        DawnbenchError, match="no timing rule lap; the rules are dawnbench, airbench, strict, cold"
    ):
        list_runs(runs, rule="lap")


def test_the_verb_lists_what_its_options_say(runs: Path) -> None:
    code, shown, errors = invoke("runs", runs, "--recipe", "dav*", "--device", "h200", "--target", "94 %")
    assert (code, errors) == (0, "")
    assert [line.split()[0] for line in shown.splitlines() if line.startswith("run-")] == ["run-1"]
    assert "1 of 3 runs" in shown
    code, shown, _ = invoke(
        "runs", runs, "--tag", "branch=main", "--tag", "day=[12]", "--since", "2026-01-01"
    )
    assert [line.split()[0] for line in shown.splitlines() if line.startswith("run-")] == ["run-1"]
    assert "branch=main, day=1" in shown
    assert "run-3" in invoke("runs", runs, "--limit", 1)[1]
    assert "run-2" not in invoke("runs", runs, "--limit", 1)[1]


def test_the_verb_lists_the_folder_runs_unless_another_is_named(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs.parent)
    assert invoke("runs") == invoke("runs", runs)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "fast"], "'fast' is not an accuracy"),
        (["--target", "94"], "'94' is not an accuracy"),
        (["--rule", "lap"], "'lap' is not one of 'dawnbench', 'airbench', 'strict', 'cold'"),
        (["--limit", "0"], "0 is not in the range x>=1"),
        (["--tag", "main"], "the tag 'main' has no value; write KEY=VALUE"),
        (["--since", "monday"], "'monday' is neither a date nor an age; write 2026-11-01, or 12h, 7d or 2w"),
    ],
)
def test_wrong_options_of_the_verb_are_told(runs: Path, options: list[str], said: str) -> None:
    code, shown, errors = invoke("runs", runs, *options)
    assert (code, shown) == (2, "")
    assert said in errors


@pytest.mark.parametrize("options", [("--tag", "branch=x"), ("--since", "1h"), ("--recipe", "z")])
def test_filters_that_match_nothing_are_told_in_a_sentence(runs: Path, options: tuple[str, str]) -> None:
    assert invoke("runs", runs, *options) == (0, "none of 3 runs matches\n", "")


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    code, shown, errors = invoke("runs", tmp_path / "nowhere")
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: there is no folder ")
    assert errors.count("\n") == 1


def test_a_terminal_shows_the_same_text_in_colour_unless_no_color_is_set(runs: Path) -> None:
    command = [sys.executable, "-m", "dawnbench", "runs", str(runs)]
    colorful, colorless = shown_in_terminal(command), shown_in_terminal(command, NO_COLOR="1")
    piped = subprocess.run(
        command, env=os.environ | {"FORCE_COLOR": "1"}, text=True, capture_output=True, check=True
    ).stdout
    assert COLOR.search(colorful)
    assert not COLOR.search(colorless)
    assert ESCAPES.sub("", colorful) == ESCAPES.sub("", colorless) == piped
    assert shown_in_terminal(command, TERM="dumb") == piped
    document = shown_in_terminal([*command, "--json"])
    assert "\x1b" not in document
    assert len(json.loads(document)["runs"]) == 3
