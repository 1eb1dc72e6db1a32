from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.baseline import write_baseline
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import SCHEMA_VERSION, PairingRecord
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.pooling import open_trial_set, pool_runs, pool_trials
from dawnbench.stats.trial_summary import summarise
from tests.records.examples import RUN, TRIAL
from tests.records.folders import line, make_run
from tests.report.write_up.models import RISING, model_run
from tests.stats.trial_sets import timed


def names(runs: list[Run]) -> list[tuple[str, ...]]:
    return [run.pooled_from or (run.folder.name,) for run in runs]


def test_runs_with_different_seeds_are_pooled(tmp_path: Path) -> None:
    first = model_run(tmp_path / "a", RISING, [0.9] * 3)
    between = model_run(tmp_path / "b", name="mnist-2", recipe_digest="other")
    last = model_run(tmp_path / "c", [0.8] * 2, seed=2)
    one, other = pool_runs([first, between, last])
    assert other == between
    assert one.pooled_from == ("a", "c")
    assert one.record.trials == 3
    assert [trial.trial for trial in one.trials] == [1, 2, 3]
    assert [len(one.epochs_of(number)) for number in (1, 2, 3)] == [7, 3, 2]
    assert one.epochs_of(3)[1].validation_accuracy == 0.8


def test_trials_that_did_not_start_keep_their_numbers(tmp_path: Path) -> None:
    one, *rest = pool_runs(
        [
            model_run(tmp_path / "a", RISING, trials=3, status="interrupted"),
            model_run(tmp_path / "b", RISING, seed=1),  # in the place of what the first did not begin
        ]
    )
    assert rest == []
    assert {epoch.trial for epoch in one.epochs} == {1, 4}
    assert (one.record.trials, one.record.status) == (4, "interrupted")


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 0},
        {"name": "mnist-2"},
        {"recipe_digest": "other"},
        {"target": 0.99},
        {"precision": "bf16"},
        {"device_name": "another"},
        {"environment": {**RUN.environment, "packages": {"torch": "2.11.0"}}},
        {"environment": {**RUN.environment, "cpu": {"threads": 1}}},
    ],
)
def test_runs_that_differ_or_share_a_seed_stay_apart(changes: dict[str, Any], tmp_path: Path) -> None:
    alike = {"seed": 1}
    assert len(pool_runs([model_run(tmp_path / "a"), model_run(tmp_path / "b", **alike)])) == 1
    runs = [model_run(tmp_path / "c"), model_run(tmp_path / "d", **{**alike, **changes})]
    assert pool_runs(runs) == runs


@given(seeds=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), max_size=6))
def test_no_trial_is_lost_and_no_seed_counts_twice(
    seeds: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    runs = [
        model_run(folder / str(number), *[[0.5]] * trials, seed=first)
        for number, (first, trials) in enumerate(seeds)
    ]
    models = pool_runs(runs)
    assert sum(len(model.trials) for model in models) == sum(trials for _, trials in seeds)
    assert sorted(name for group in names(models) for name in group) == [run.folder.name for run in runs]
    for group in names(models):
        used = [seed for name in group for seed in range(seeds[int(name)][0], sum(seeds[int(name)]))]
        assert len(used) == len(set(used))


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


def test_the_trials_of_all_runs_that_a_glob_matches_are_pooled(folder: Path) -> None:
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
        ({"environment": {"cpu": {"threads": 1}}}, "the thread counts differ: 2 and 1"),
    ],
)
def test_runs_that_do_not_belong_together_are_not_pooled(
    folder: Path, change: dict[str, Any], words: str
) -> None:
    make_run(folder / "runs" / "a", environment={"cpu": {"threads": 2}})
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


# --- sources that cannot be opened ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "nothing is not a run folder or a baseline file; `dawnbench runs` lists the runs"),
        ("runs/*", "runs/* matches no run folder; `dawnbench runs` lists the runs"),
        ("empty", "empty is not a run folder: cannot read run.json (No such file or directory)"),
        ("empty/*", "empty/* matches no run folder"),
        ("notes.txt", "notes.txt was not written by dawnbench; was it edited by hand?"),
    ],
)
def test_a_name_that_is_neither_run_nor_baseline_is_an_error(folder: Path, name: str, words: str) -> None:
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


def test_a_run_json_from_another_tool_is_reported_as_damaged(folder: Path) -> None:
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


# --- sources that open with warnings ---


def test_a_torn_trial_is_left_out_and_every_comparison_says_so(folder: Path) -> None:
    torn = make_run(folder / "runs" / "torn", TRIALS)
    with (torn / "trials.jsonl").open("a") as file:
        file.write(line(TRIAL)[:40])
    found = open_trial_set("runs/torn")
    assert len(found.trials) == 3
    words = "torn: trials.jsonl: the last line is torn (the run was killed while writing it) and left out"
    whole = open_trial_set(str(make_run(folder / "runs" / "whole", TRIALS)))
    assert compare(whole, found).differences.cautions == (words,)
    assert pool_trials([whole, found], "both").warnings == (words,)


def test_a_run_killed_before_its_first_trial_has_no_trials(folder: Path) -> None:
    make_run(folder / "runs" / "young", (), (), status="running")
    found = open_trial_set("runs/young")
    assert found.trials == ()
    assert summarise(found).times == ()
