from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.baseline import write_baseline
from dawnbench.records.reader import read_run
from dawnbench.records.schema import SCHEMA_VERSION, PairingRecord
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.pooling import pool_trials
from dawnbench.stats.sources import open_trial_set
from dawnbench.stats.trial_summary import summarise
from tests.records.examples import RUN, TRIAL
from tests.records.folders import line, make_run
from tests.stats.trial_sets import timed

TRIALS = tuple(replace(TRIAL, trial=number, seed=number) for number in (1, 2, 3))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_folder_is_opened(folder: Path) -> None:
    run = make_run(folder / "runs" / "one", TRIALS)
    assert open_trial_set("runs/one") == trial_set_of(read_run(run))
    assert open_trial_set(f"{run}/").name == "one"
    assert open_trial_set(str(run)).warnings == ()


def test_a_baseline_file_is_opened(folder: Path) -> None:
    series = timed(20, None, name="v1")
    write_baseline(series, folder / "baselines" / "H200.json")
    assert open_trial_set("baselines/H200.json") == series


def test_the_trials_of_all_runs_that_a_glob_matches_are_taken_together(folder: Path) -> None:
    for name in ("b", "a"):
        make_run(folder / "runs" / name, TRIALS)
    make_run(folder / "runs" / "c-other", TRIALS, recipe_name="other")
    (folder / "runs" / "README.md").touch()
    (folder / "runs" / "empty").mkdir()
    found = open_trial_set("runs/[!c]*")
    assert found.name == "runs/[!c]*"
    assert [trial.trial for trial in found.trials] == [1, 2, 3, 4, 5, 6]
    assert [trial.seed for trial in found.trials] == [1, 2, 3] * 2


def test_a_glob_that_matches_one_run_is_that_run(folder: Path) -> None:
    pairing = PairingRecord("c0ffee", "A")
    make_run(folder / "runs" / "only", TRIALS, pairing=pairing)
    found = open_trial_set("runs/on*")
    assert (found.name, found.pairing) == ("only", pairing)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recipe": {"epochs": 8}, "recipe_digest": "ef"}, "the recipes differ: schedule.rates"),
        ({"target": 0.93}, "the targets differ: 94 % and 93 %"),
        ({"data": replace(RUN.data, fingerprint="01" * 32)}, "the data differ: "),
        ({"device_name": "NVIDIA H200"}, "the devices differ: AMD EPYC and NVIDIA H200"),
    ],
)
def test_runs_that_do_not_belong_together_are_not_pooled(
    folder: Path, change: dict[str, Any], words: str
) -> None:
    make_run(folder / "runs" / "a")
    make_run(folder / "runs" / "b", **change)
    with pytest.raises(
        DawnbenchError, match=r"^runs/\* matches runs that do not belong together, a and b: "
    ) as raised:
        open_trial_set("runs/*")
    assert words in str(raised.value)


def test_another_driver_does_not_keep_runs_apart(folder: Path) -> None:
    make_run(folder / "runs" / "a")
    make_run(folder / "runs" / "b", environment={"gpu": {"driver": "570"}})
    assert len(open_trial_set("runs/*").trials) == 2


def test_a_pool_has_no_partner(folder: Path) -> None:
    one = timed(20, pairing=PairingRecord("c0ffee", "A"))
    assert pool_trials([one, one], "both").pairing is None


# --- what cannot be opened ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "nothing is not a run folder or a baseline file; `dawnbench runs` lists the runs"),
        ("runs/*", "runs/* matches no run folder; `dawnbench runs` lists the runs"),
        ("empty", "empty is no run folder: cannot read run.json (No such file or directory)"),
        ("empty/*", "empty/* matches no run folder"),
        ("notes.txt", "notes.txt is not what dawnbench writes; was it changed by hand?"),
    ],
)
def test_what_is_no_series_is_said_so(folder: Path, name: str, words: str) -> None:
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("hello")
    with pytest.raises(DawnbenchError, match=f"^{re.escape(words)}"):
        open_trial_set(name)


def test_a_newer_run_says_what_to_upgrade(folder: Path) -> None:
    make_run(folder / "runs" / "new", schema_version=SCHEMA_VERSION + 1)
    with pytest.raises(
        DawnbenchError, match=r"schema version 2 and this dawnbench reads up to 1; upgrade with"
    ):
        open_trial_set("runs/new")


def test_a_run_of_another_tool_is_said_to_be_damaged(folder: Path) -> None:
    other = folder / "runs" / "foreign"
    other.mkdir(parents=True)
    (other / "run.json").write_text(json.dumps({"schema_version": 1, "job": 3}))
    with pytest.raises(DawnbenchError, match=r"run\.json is damaged: "):
        open_trial_set("runs/foreign")


def test_one_damaged_run_of_a_glob_is_named(folder: Path) -> None:
    make_run(folder / "runs" / "a")
    (make_run(folder / "runs" / "b") / "run.json").write_text('{"schema_version": 1}')
    with pytest.raises(DawnbenchError, match=r"^runs/b/run\.json is damaged"):
        open_trial_set("runs/*")


# --- what can, and says what it lacks ---


def test_a_torn_trial_is_left_out_and_every_comparison_says_so(folder: Path) -> None:
    torn = make_run(folder / "runs" / "torn", TRIALS)
    with (torn / "trials.jsonl").open("a") as file:
        file.write(line(TRIAL)[:40])
    found = open_trial_set("runs/torn")
    assert len(found.trials) == 3
    words = "torn: trials.jsonl: the last line is torn (the run was killed while it wrote) and left out"
    whole = open_trial_set(str(make_run(folder / "runs" / "whole", TRIALS)))
    assert compare(whole, found).differences.cautions == (words,)
    assert pool_trials([whole, found], "both").warnings == (words,)


def test_a_run_killed_before_its_first_trial_is_a_series_without_any(folder: Path) -> None:
    make_run(folder / "runs" / "young", (), (), status="running")
    found = open_trial_set("runs/young")
    assert found.trials == ()
    assert summarise(found).times == ()
