"""A series of recipes run as one campaign: what is printed, left behind and exited with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench import campaigns
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import catalogue, find_recipe
from dawnbench.recipes.catalogue import SERIES
from dawnbench.records.index import index_runs
from dawnbench.records.reader import read_run
from tests.cli.made_runs import invoke

COMMAND = """
from dataclasses import replace
from dawnbench.cli import main
from dawnbench.recipes import catalogue, find_recipe
from dawnbench.recipes.overrides import adapt
tiny = find_recipe("tiny.py")
models = tuple(replace(adapt(tiny, epochs=4000 if n == 2 else 1), name=f"tiny-{n}") for n in (1, 2, 3))
catalogue.find_series = {"tinies": models}.get
main()
"""
"""The command with a series whose second model trains until it is interrupted."""


@pytest.fixture(autouse=True)
def _three_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A series `tinies` of three models that train in a moment, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    tiny = find_recipe("tiny.py")
    models = tuple(replace(tiny, name=f"tiny-{number}") for number in (1, 2, 3))
    monkeypatch.setattr(catalogue, "find_series", {"tinies": models}.get)


def run(*arguments: str) -> tuple[int, str, str]:
    return invoke("run", "tinies", "--trials=1", "--epochs=2", "--device=cpu", *arguments)


def the_write_up() -> Path:
    (path,) = Path("runs").glob("*/writeup.md")
    return path


def test_each_model_is_run_and_all_are_written_up() -> None:
    status, out, _ = run("--seed=5", "--set=model.width=8", "--target=0.5")
    assert status == 0
    says = [line for line in out.splitlines() if line.startswith("model ")]
    assert says == ["model 1 of 3: tiny-1", "model 2 of 3: tiny-2", "model 3 of 3: tiny-3"]
    runs = sorted(index_runs(Path("runs")).runs, key=lambda run: run.identity.recipe_name)
    assert [run.identity.recipe_name for run in runs] == ["tiny-1", "tiny-2", "tiny-3"]
    for listed in runs:
        read = read_run(listed.folder)
        assert (read.record.seed, read.record.target, read.record.recipe["model"]["width"]) == (5, 0.5, 8)
        assert [trial.status for trial in read.trials] == ["finished"]
        assert read.trials[0].seconds["strict"] is not None
        assert read.trials[0].seconds["cold"] is None, "the process began long before this model did"
        assert (listed.folder / "log.md").is_file()
    path = the_write_up()
    assert out.splitlines()[-2:] == [str(path), "target reached by 3 of 3 models"]
    text = path.read_text()
    assert text.startswith("# tinies\n")
    assert re.findall("^## (.*)", text, re.MULTILINE) == ["tiny-1", "tiny-2", "tiny-3", "The series"]
    assert (path.parent / "figures" / "series.png").is_file()
    assert "ended before" not in text


def test_the_write_up_lies_among_the_runs_and_is_taken_for_none() -> None:
    run()
    index = index_runs(Path("runs"))
    assert len(index.runs) == 3
    assert not index.troubles
    first = min(index.runs, key=lambda run: run.identity.recipe_name).folder.name
    assert the_write_up().parent.name == first.replace("tiny-1", "tinies")
    assert invoke("site", "runs", "-o", "site")[0] == 0


def test_json_lines_are_all_that_is_printed_with_json() -> None:
    status, out, error = run("--json")
    assert status == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["run", "epoch", "epoch", "trial", "summary"] * 3 + [
        "write_up"
    ]
    assert events[-1]["path"] == str(the_write_up())
    assert events[-1]["missed"] == ["tiny-1", "tiny-2", "tiny-3"]
    assert "model 2 of 3: tiny-2" in error


def test_a_missed_target_is_in_the_last_line_and_exits_4_where_it_is_required() -> None:
    status, out, _ = run("--target=0.999")
    assert status == 0
    last = "target reached by 0 of 3 models; MISSED by tiny-1, tiny-2, tiny-3"
    assert out.splitlines()[-1] == last
    status, out, _ = run("--target=0.999", "--require-target")
    assert status == 4
    assert run("--target=0.01", "--require-target")[0] == 0


def test_the_log_of_a_model_says_why_it_has_no_cold_time() -> None:
    run("--target=0.01")
    log = next(Path("runs").glob("*-tiny-1-*/log.md")).read_text()
    assert "- A dash under cold: the process was not started for this run alone, as in a series" in log
    assert "target was not reached" not in log


def test_a_diverged_model_does_not_stop_the_others() -> None:
    status, _, _ = run("--set=schedule.rates=[1e30,1e30,1e30]", "--epochs=4")
    assert status == 3
    assert len(index_runs(Path("runs")).runs) == 3
    assert the_write_up().read_text().count("Trial 1 diverged (") == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set=model.wdth=8"], "has no key 'model.wdth'; did you mean model.width?"),
        (["--set=epochs=0"], "tiny-1: epochs=0 must be at least 1"),
        (["--data=nowhere.npz"], "nowhere.npz"),
        (["--device=cuda:99"], "cuda:99"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_run(arguments: list[str], said: str) -> None:
    status, _, error = run(*arguments)
    assert status == 2
    assert said in error
    assert len(error.splitlines()) == 1
    assert not Path("runs").exists()


def test_a_failure_in_the_second_model_keeps_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = campaigns.run

    def fails(recipe, **options):  # type: ignore[no-untyped-def]
        if recipe.name == "tiny-2":
            raise DawnbenchError("cannot write runs: No space left on device; make room")
        return usual(recipe, **options)

    monkeypatch.setattr(campaigns, "run", fails)
    status, _, error = run()
    assert status == 2
    assert "No space left" in error
    text = the_write_up().read_text()
    assert "1 of 3 models: the series ended before its last one." in text
    assert re.findall("^## (.*)", text, re.MULTILINE) == ["tiny-1", "The series"]


def test_ctrl_c_writes_up_what_ran_and_exits_130(warm: str, tmp_path: Path) -> None:
    (tmp_path / "command.py").write_text(COMMAND)
    process = subprocess.Popen(
        [warm, "command.py", "run", "tinies", "--trials=1", "--device=cpu"],
        env=os.environ | {"NO_COLOR": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "model 2 of 3" in said and line.startswith("| 3 "):
            break
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "model 3 of 3" not in rest
    assert rest.splitlines()[-2] == str(the_write_up())
    assert rest.splitlines()[-1] == "target reached by 0 of 3 models; MISSED by tiny-1"
    text = the_write_up().read_text()
    assert "2 of 3 models: the series ended before its last one." in text
    assert "Trial 1 was interrupted" in text


def test_an_interruption_before_the_first_run_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(campaigns, "run", interrupted)
    status, out, _ = run()
    assert status == 130
    assert out.splitlines() == ["model 1 of 3: tiny-1"]
    assert not Path("runs").exists()


def test_the_help_names_every_series() -> None:
    shown = invoke("run", "--help")[1]
    assert all(name in shown for name in SERIES)
