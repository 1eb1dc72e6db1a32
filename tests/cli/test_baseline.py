"""`dawnbench baseline save`: what becomes a reference, and what does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.baseline import read_baseline
from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from tests.cli.made_runs import invoke, made_run, trial, trials
from tests.records.inference_runs import inference_run, passes

H200 = Path("baselines", "davidnet", "NVIDIA-H200.json")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_is_kept_by_recipe_and_device_with_all_its_figures() -> None:
    folder = made_run(Path("runs/a"), environment={"gpu": {"driver": "575"}})
    assert invoke("baseline", "save", "runs/a", "--name", "release 1") == (0, f"{H200}\n", "")
    kept, run = read_baseline(H200), trial_set_of(read_run(folder))
    assert (kept.name, run.name) == ("release 1", "a")
    assert kept.trials == run.trials
    assert (kept.environment, kept.data, kept.recipe_digest) == (run.environment, run.data, run.recipe_digest)


def test_several_runs_make_one_baseline_by_a_quoted_glob() -> None:
    made_run(Path("runs/a"), trials(count=6))
    made_run(Path("runs/b"), trials(count=6))
    assert invoke("baseline", "save", "runs/*", "--name", "both")[0] == 0
    assert len(read_baseline(H200).trials) == 12


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (9, "9 trials that count and a baseline needs at least 10: every later verdict depends on"),
        (1, "a has 1 trial that counts and a baseline needs at least 10"),
        (0, "a has 0 trials that count and a baseline needs at least 10"),
    ],
)  # fmt: skip
def test_with_fewer_than_ten_trials_it_says_why_it_wants_more(count: int, said: str) -> None:
    made_run(
        Path("a"), [*trials(count=count), *(trial(i, status="failed", epochs=None) for i in range(20, 24))]
    )
    code, shown, errors = invoke("baseline", "save", "a", "--name", "x")
    assert (code, shown) == (2, "")
    assert said in errors
    assert "run it again with --trials 10, or name several runs with a quoted glob" in errors
    assert not Path("baselines").exists()


def test_trials_that_took_no_time_are_not_a_reference() -> None:
    made_run(Path("a"), [replace(one, seconds=dict.fromkeys(one.seconds, 0.0)) for one in trials(count=10)])
    code, _, errors = invoke("baseline", "save", "a", "--name", "x")
    assert code == 2
    assert "no trial of a has a time: trials.jsonl, line 1: seconds." in errors
    assert not Path("baselines").exists()


def test_a_run_that_never_reached_its_target_is_no_reference_time() -> None:
    made_run(Path("a"), trials(missed=10))
    code, _, errors = invoke("baseline", "save", "a", "--name", "x")
    assert code == 2
    assert "no trial of a reached the target of 94.00 %, so there is no time to compare others with" in errors


def test_an_older_baseline_stays_unless_it_is_to_be_replaced() -> None:
    made_run(Path("a"))
    made_run(Path("b"), trials(2.5))
    assert invoke("baseline", "save", "a", "--name", "old")[0] == 0
    before = H200.read_bytes()
    code, shown, errors = invoke("baseline", "save", "b", "--name", "new")
    assert (code, shown) == (2, "")
    assert errors == f"dawnbench: {H200} already exists; add --replace to replace it\n"
    assert H200.read_bytes() == before
    assert invoke("baseline", "save", "b", "--name", "new", "--replace")[0] == 0
    assert read_baseline(H200).name == "new"


def test_two_devices_have_two_baselines() -> None:
    made_run(Path("a"))
    made_run(Path("b"), device_name="AMD EPYC 9555P")
    for name in "ab":
        assert invoke("baseline", "save", name, "--name", name, "--out", "kept")[0] == 0
    found = sorted(str(path) for path in Path("kept").rglob("*.json"))
    assert found == ["kept/davidnet/AMD-EPYC-9555P.json", "kept/davidnet/NVIDIA-H200.json"]


def test_a_torn_run_is_told_and_kept() -> None:
    file = made_run(Path("a"), trials(count=11)) / "trials.jsonl"
    file.write_text(file.read_text()[:-50])
    code, shown, errors = invoke("baseline", "save", "a", "--name", "x")
    assert (code, shown) == (0, f"{H200}\n")
    assert errors.startswith("dawnbench: trials.jsonl: the last line is torn")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--name", "x"], "nowhere is not a run folder or a baseline file"),
        (["a", "--name", " "], "--name is empty"),
        (["a", "--name", "x", "--out", "file"], "cannot write file/davidnet/NVIDIA-H200.json"),
    ],
)
def test_what_cannot_be_kept_is_one_sentence(arguments: list[str], said: str) -> None:
    made_run(Path("a"))
    Path("file").touch()
    code, shown, errors = invoke("baseline", "save", *arguments)
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert said in errors


def test_a_recipe_with_a_path_for_a_name_stays_in_the_folder_of_baselines() -> None:
    made_run(Path("a"), recipe_name="../../etc", device_name="/dev/null")
    assert invoke("baseline", "save", "a", "--name", "x")[0] == 0
    (kept,) = Path().rglob("baselines/*/*")
    assert kept.resolve().is_relative_to(Path("baselines").resolve())


def test_an_inference_run_is_kept_by_what_ran_the_model_below_its_target_too() -> None:
    inference_run(Path("runs/a"), passes(accuracy=0.9))
    inference_run(Path("runs/b"), runtime="onnx")
    for run, means in (("a", "torch"), ("b", "onnx")):
        path = Path("baselines", f"davidnet-inference-{means}", "AMD-EPYC.json")
        assert invoke("baseline", "save", f"runs/{run}", "--name", "release 1") == (0, f"{path}\n", "")
        kept = read_baseline(path)
        assert kept.trials == trial_set_of(read_run(Path("runs", run))).trials
        assert "/home/ada" not in path.read_text()
