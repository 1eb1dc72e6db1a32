"""`dawnbench infer`, and `dawnbench ab` of kept models."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dawnbench.campaigns import inference_trial
from dawnbench.recipes import part
from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import TINY_RECIPE, Finished, command_in, only_run
from tests.cli.made_runs import invoke

Dawnbench = Callable[..., Finished]
PASS = (
    r"pass {n}/2: [\d.]+ ms per image \(median [\d.]+ ms, p99 [\d.]+ ms\), "
    r"[\d,.]+ images/s at batch 64, {accuracy}"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that kept its model."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    done = command_in(folder)("run", "tiny.py", "--trials=1", "--epochs=2", "--save-model")
    assert done.returncode == 0, done.stderr
    return only_run(folder)


def inferred(dawnbench: Dawnbench, *arguments: str) -> Finished:
    done = dawnbench("infer", *arguments, "--recipe=tiny.py")
    assert done.returncode == 0, done.stderr
    return done


def refused(dawnbench: Dawnbench, *arguments: str) -> str:
    done = dawnbench(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.splitlines()[-1].removeprefix("dawnbench: ").removeprefix("Error: ")


def test_each_pass_has_a_line_and_the_end_sums_them_up(
    dawnbench: Dawnbench, trained: Path, tmp_path: Path
) -> None:
    done = inferred(dawnbench, str(trained), "--trials=2", "--target=50%", "--cost-per-hour=3.5")
    run = read_run(only_run(tmp_path))
    accuracy = f"{100 * (run.trials[0].accuracy or 0):.2f} %"
    who, model, folder, *passes = done.stdout.splitlines()[:5]
    assert who.startswith("tiny inference torch epochs=2 on ")
    assert model == f"model {trained / 'model.safetensors'}"
    assert folder == f"run folder {Path('runs') / run.folder.name}"
    for number, line in enumerate(passes, 1):
        assert re.fullmatch(PASS.format(n=number, accuracy=accuracy), line), line
    assert re.search(r"^latency \[ms\] +2 ", done.stdout, re.MULTILINE)
    assert "Cost per million images" in done.stdout
    assert f"  dawnbench show runs/{run.folder.name}\n" in done.stdout
    assert run.record.command[:2] == ("dawnbench", "infer")
    assert run.record.prices.cost_per_hour == 3.5
    assert (run.folder / "log.md").exists()


def test_json_has_an_event_per_pass_and_ends_with_the_summary(dawnbench: Dawnbench, trained: Path) -> None:
    done = inferred(
        dawnbench,
        str(trained),
        "--trials=2",
        "--batch=1,5,360",
        "--json",
        "--tag=branch=main",
        "--target=99.9%",
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["run", "trial", "note", "trial", "summary"]
    assert events[0]["target"] == 0.999
    assert "so its latency is no claim" in events[2]["note"]
    assert (events[0]["kind"], events[0]["tags"]) == ("inference", {"branch": "main"})
    assert events[0]["inference"]["batch_sizes"] == [1, 5, 360]
    passes = [event["inference"] for event in events if event["event"] == "trial"]
    assert [at["batch_size"] for at in passes[0]["throughputs"]] == [1, 5, 360]
    mean = sum(one["latency_seconds"] for one in passes) / 2
    assert events[-1]["seconds"]["inference"]["mean"] == pytest.approx(mean)


def test_a_model_file_is_taken_too(dawnbench: Dawnbench, trained: Path, tmp_path: Path) -> None:
    shutil.copy(trained / "model.safetensors", tmp_path / "mine.safetensors")
    inferred(dawnbench, "mine.safetensors", "--trials=1", "--runtime=onnx")
    settings = read_run(only_run(tmp_path)).record.inference
    assert settings is not None
    assert (settings.model, settings.trained_run, settings.runtime) == ("mine.safetensors", None, "onnx")


def test_what_is_wrong_is_one_sentence(dawnbench: Dawnbench, trained: Path, tmp_path: Path) -> None:
    run, own = str(trained), "--recipe=tiny.py"
    for arguments, sentence in (
        (("nowhere",), "nowhere is not a run folder"),
        (("gone.safetensors",), "gone.safetensors does not exist; name a run or the file of a model"),
        ((run, own, "--batch=1,0"), "'1,0' is not a list of whole numbers above 0"),
        ((run, own, "--batch=400"), "a batch of 400 exceeds the 360 test images of digits"),
        ((run, own, "--runtime=tvm"), "'tvm' is not one of 'torch', 'onnx'"),
        ((run, own, "--runtime=onnx", "--compile=true"), "onnxruntime does not use torch.compile"),
        ((run, own, "--precision=int8"), "torch does not compute in int8 here; add --runtime onnx"),
        ((run, own, "--runtime=onnx", "--device=cuda"), "onnxruntime runs on the processor, not on cuda"),
        ((run, own, "--device=cuda:9"), "device cuda:9 is not available"),
    ):
        assert sentence in refused(dawnbench, "infer", *arguments)
    assert not (tmp_path / "runs").exists()


def test_a_run_without_a_model_is_refused(dawnbench: Dawnbench, trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / trained.name))
    (folder / "model.safetensors").unlink()
    assert "run with --save-model to keep the model" in refused(dawnbench, "infer", str(folder))


@pytest.mark.parametrize("verb", ["infer", "evaluate"])
def test_an_inference_run_has_no_model_but_says_whose_it_timed(
    dawnbench: Dawnbench, trained: Path, tmp_path: Path, verb: str
) -> None:
    inferred(dawnbench, str(trained), "--trials=1", "--batch=1")
    sentence = refused(dawnbench, verb, "latest", "--recipe=tiny.py")
    assert sentence.endswith(f" is an inference run, which keeps no model; its model is in {trained.name}")


def test_a_model_of_another_recipe_is_refused(dawnbench: Dawnbench, trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / trained.name))
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"recipe_digest": "0" * 64}))
    assert "holds a model of tiny with settings other than" in refused(
        dawnbench, "infer", str(folder), "--recipe=tiny.py"
    )


def test_a_part_of_ones_own_needs_its_file(
    dawnbench: Dawnbench, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "_CLASSES", {k: v for k, v in part._CLASSES.items() if k != "perceptron"})
    assert refused(dawnbench, "infer", str(trained)).endswith("give the recipe's file with --recipe FILE")


def test_a_missing_package_is_named(
    dawnbench: Dawnbench, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    sentence = refused(dawnbench, "infer", str(trained), "--recipe=tiny.py", "--runtime=onnx")
    assert sentence.endswith("install it with `pip install 'dawnbench[onnx]'`")
    assert not (tmp_path / "runs").exists()


def interrupted_after(passes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C come after so many passes over the images."""
    original, left = inference_trial.timed_pass, [passes]

    def timed(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(inference_trial, "timed_pass", timed)


def test_ctrl_c_keeps_the_passes_that_ended(
    dawnbench: Dawnbench, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_after(2, monkeypatch)
    done = dawnbench("infer", str(trained), "--recipe=tiny.py", "--batch=1")
    assert done.returncode == 130
    run = read_run(only_run(tmp_path))
    assert [trial.status for trial in run.trials] == ["finished", "finished", "interrupted"]
    assert run.record.status == "interrupted"
    assert "pass 3/5: interrupted: interrupted from the keyboard" in done.stdout
    assert re.search(r"^latency \[ms\] +2 ", done.stdout, re.MULTILINE)


def sides(folder: Path) -> tuple[Run, Run]:
    runs = [read_run(path) for path in (folder / "runs").iterdir()]
    a, b = sorted(runs, key=lambda run: run.record.pairing.side if run.record.pairing else "")
    return a, b


def test_ab_lets_two_models_answer_in_turns_and_compares_them(
    dawnbench: Dawnbench, trained: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(trained, tmp_path / "other"))
    done = dawnbench("ab", str(trained), str(other), "--recipe=tiny.py", "--trials=2", "--batch=1")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("pair ")]
    assert [(line[5:8], line[10]) for line in lines] == [
        ("1/2", "A"),
        ("1/2", "B"),
        ("2/2", "B"),
        ("2/2", "A"),
    ]
    assert all(" ms " in line for line in lines)
    assert f"A tiny inference torch epochs=2 of {trained / 'model.safetensors'} on " in done.stdout
    assert re.search(r"^latency \[ms\] ", done.stdout, re.MULTILINE)
    a, b = sides(tmp_path)
    assert [run.record.inference is not None for run in (a, b)] == [True, True]
    assert a.record.pairing != b.record.pairing


def test_ab_after_ctrl_c_compares_the_pairs_that_ended(
    dawnbench: Dawnbench, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_after(5, monkeypatch)
    done = dawnbench("ab", str(trained), str(trained), "--recipe=tiny.py", "--batch=1")
    assert done.returncode == 130
    assert [run.record.status for run in sides(tmp_path)] == ["interrupted"] * 2
    assert all((run.folder / "log.md").exists() for run in sides(tmp_path))
    assert "too few trials to show it (2 pairs" in done.stdout


def test_ab_of_one_model_takes_an_option_twice(dawnbench: Dawnbench, trained: Path, tmp_path: Path) -> None:
    options = ("--recipe=tiny.py", "--trials=8", "--batch=1", "--runtime=torch", "--runtime=onnx", "--json")
    done = dawnbench("ab", str(trained), *options)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["pairs"], [time["rule"] for time in found["times"]]) == (8, ["inference"])
    assert [run.record.inference.runtime for run in sides(tmp_path) if run.record.inference] == [
        "torch",
        "onnx",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("RUN", "quickstart"), "ab takes two recipes or two kept models, not one of each"),
        (("RUN", "RUN", "--epochs=3"), "--epochs goes with recipes, and RUN is a kept model"),
        (("RUN", "RUN", "--rule=strict"), "--rule goes with recipes, and RUN is a kept model"),
        (("quickstart", "speedrun", "--runtime=onnx"), "--runtime goes with kept models, and quickstart is"),
        (("RUN",), "or one with --runtime, --compile or --precision given twice"),
        (("RUN", *("--precision=fp32",) * 3), "--precision is given more than twice"),
    ],
)
def test_ab_says_what_does_not_go_together(
    dawnbench: Dawnbench, trained: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    words = [word.replace("RUN", str(trained)) for word in arguments]
    assert sentence.replace("RUN", str(trained)) in refused(dawnbench, "ab", *words)


def test_help_loads_no_torch() -> None:
    code, shown, _ = invoke("infer", "--help")
    assert code == 0
    assert all(len(line) <= 80 for line in shown.splitlines())
