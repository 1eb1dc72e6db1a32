"""`dawnbench slim`: sparse training, and `slim prune`, on a network that trains in a second."""

from __future__ import annotations

import json
import pickle
import shutil
from contextlib import chdir
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dawnbench.cli import main
from dawnbench.engine.kept_model import open_kept_model
from dawnbench.recipes import FileWeightsSpec, NormScalePenaltySpec, Recipe, SlimmedSpec
from dawnbench.records.reader import Run, read_run
from dawnbench.records.slimming import SlimRecord, read_slimming
from tests.cli.conftest import command_in
from tests.export.json_schemas import faults, published

SPARSE_RECIPE = """
from dataclasses import replace

from dawnbench.recipes import VGG19Spec, find_recipe

base = find_recipe("quickstart")
recipe = replace(
    base,
    name="narrow",
    trials=1,
    model=VGG19Spec(stages=((16, 16), (16,)), initial_scale=1.0),
    dataset=replace(base.dataset, image_size=8),
    epochs=2,
    precision="fp32",
)
"""
PRUNE = ("--ratio", "0.25,0.5", "--finetune", "1", "--set", "optimizer.momentum=0.8", "--device", "cpu")


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run made with `dawnbench slim`."""
    folder = tmp_path_factory.mktemp("sparse")
    (folder / "narrow.py").write_text(SPARSE_RECIPE)
    done = command_in(folder)("slim", "narrow.py", "--strength", "0.002", "--device", "cpu", "--out", "runs")
    assert done.returncode == 0, done.stderr
    (run,) = (folder / "runs").iterdir()
    assert done.stdout.splitlines()[-1] == f"Next: dawnbench slim prune runs/{run.name} --ratio 0.2,0.4,0.6"
    return read_run(run)


@pytest.fixture(scope="module")
def slimmed(sparse: Run) -> SlimRecord:
    """What `slim prune` recorded about that run."""
    done = command_in(sparse.folder.parent)("slim", "prune", sparse.folder.name, *PRUNE)
    assert done.returncode == 0, done.stderr
    assert str(Path(sparse.folder.name) / "slim" / "slim.md") in done.stdout
    return read_slimming(sparse.folder / "slim")


def recipe_of(sparse: Run, name: str) -> Recipe:
    return Recipe.from_dict(read_run(sparse.folder.parent / name).record.recipe)


def refused(*arguments: str, folder: Path | None = None) -> str:
    with chdir(folder or Path.cwd()):
        done = CliRunner().invoke(main, ["slim", *arguments])
    assert done.exit_code == 2, done.output
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith("dawnbench: ")
    return sentence.removeprefix("dawnbench: ")


@pytest.mark.slow
def test_the_sparse_run_is_a_run_with_a_penalty_and_its_model(sparse: Run) -> None:
    assert Recipe.from_dict(sparse.record.recipe).penalty == NormScalePenaltySpec(0.002)
    assert sparse.record.recipe["changed"] == ["penalty.kind=l1_norm_scales", "penalty.strength=0.002"]
    assert open_kept_model(sparse.folder, device="cpu").recorded_accuracy == sparse.trials[0].accuracy


@pytest.mark.slow
def test_each_network_is_narrower_and_trained_twice(sparse: Run, slimmed: SlimRecord) -> None:
    assert slimmed.dense_accuracy.top1 == sparse.trials[0].accuracy
    sizes = [slimmed.dense, *(model.size for model in slimmed.models)]
    for wide, narrow in pairwise(sizes):
        assert narrow.parameters < wide.parameters
        assert narrow.macs < wide.macs
        assert narrow.flops < wide.flops
    for model, ratio in zip(slimmed.models, (0.25, 0.5), strict=True):
        assert (model.value, model.predicted_ratio) == (ratio, ratio)
        assert model.true_ratio == pytest.approx(ratio, abs=0.03)
        assert [speed.batch_size for speed in model.speeds] == [1, 64]
        assert all(speed.low <= speed.latency_ratio <= speed.high for speed in model.speeds)
        assert model.finetuned is not None
        assert model.control is not None
        assert (model.finetuned.epochs, model.control.epochs) == (1, 3)
        tuned, control = (recipe_of(sparse, made.run) for made in (model.finetuned, model.control))
        assert isinstance(tuned.model, SlimmedSpec)
        assert tuned.model == control.model
        assert isinstance(tuned.weights, FileWeightsSpec)
        assert (tuned.penalty, control.penalty, control.weights) == (None, None, None)
        assert tuned.optimizer != control.optimizer  # by --set
        run = read_run(sparse.folder.parent / model.finetuned.run)
        assert model.finetuned.accuracy.top1 == run.trials[0].accuracy
        assert model.finetuned.accuracy.top5 == run.trials[0].top5_accuracy
        assert (run.folder / "log.md").exists()


@pytest.mark.slow
def test_a_narrow_network_opens_from_its_file_and_answers_as_recorded(
    sparse: Run, slimmed: SlimRecord
) -> None:
    path = sparse.folder / "slim" / slimmed.models[1].file
    kept = open_kept_model(path, device="cpu")
    assert kept.recorded_accuracy == slimmed.models[1].before.top1
    done = command_in(sparse.folder)("evaluate", str(path), "--json", "--device", "cpu")
    assert json.loads(done.stdout)["accuracy"] == slimmed.models[1].before.top1
    assert sum(p.numel() for p in kept.prepared.model.parameters()) == slimmed.models[1].size.parameters


@pytest.mark.slow
def test_the_same_command_goes_on_and_another_one_gets_its_own_folder(
    sparse: Run, slimmed: SlimRecord
) -> None:
    runs = sorted(sparse.folder.parent.iterdir())
    dawnbench = command_in(sparse.folder.parent)
    again = dawnbench("slim", "prune", sparse.folder.name, *PRUNE, "--json")
    assert faults(json.loads(again.stdout), published("slim-v1.json")) == []
    assert json.loads(again.stdout) == json.loads((sparse.folder / "slim" / "slim.json").read_text())
    assert read_slimming(sparse.folder / "slim") == slimmed
    other = dawnbench(
        *("slim", "prune", sparse.folder.name, "--ratio", "0.6", "--target", "parameters", "--json"),
        *("--finetune", "0", "--no-control", "--device", "cpu"),
    )
    (model,) = json.loads(other.stdout)["models"]
    assert (model["finetuned"], model["control"]) == (None, None)
    assert model["size"]["parameters"] <= 0.6 * slimmed.dense.parameters
    assert (sparse.folder / "slim-2" / "slim.md").exists()
    assert sorted(sparse.folder.parent.iterdir()) == runs


@pytest.mark.slow
def test_a_narrow_network_can_be_slimmed_again(sparse: Run, slimmed: SlimRecord) -> None:
    tuned = slimmed.models[1].finetuned
    assert tuned is not None
    done = command_in(sparse.folder.parent)(
        *("slim", "prune", tuned.run, "--target", "parameters", "--ratio", "0.8", "--json"),
        *("--finetune", "1", "--no-control", "--device", "cpu"),
    )
    assert done.returncode == 0, done.stderr
    record = read_slimming(sparse.folder.parent / tuned.run / "slim")
    assert (record.architecture, record.strength) == ("slimmed", None)
    assert record.dense.parameters == slimmed.models[1].size.parameters
    again = record.models[0].finetuned
    assert again is not None
    model = recipe_of(sparse, again.run).model
    assert isinstance(model, SlimmedSpec)
    assert not isinstance(model.model, SlimmedSpec)


@pytest.mark.slow
def test_slim_is_slim_train_and_keeps_the_recipes_own_penalty(tmp_path: Path) -> None:
    own = "from dawnbench.recipes import NormScalePenaltySpec\n"
    text = SPARSE_RECIPE.replace("epochs=2", "epochs=1, penalty=NormScalePenaltySpec(5e-4)")
    (tmp_path / "narrow.py").write_text(own + text)
    done = command_in(tmp_path)("slim", "train", "narrow.py", "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    assert all(json.loads(line) for line in done.stdout.splitlines())
    (run,) = (tmp_path / "runs").iterdir()
    assert Recipe.from_dict(read_run(run).record.recipe).penalty == NormScalePenaltySpec(5e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--ratio", "0.97"), "ratio=0.97 cannot be reached: at "),
        (("--ratio", "3e9", "--target", "flops"), "is not below the "),
        (("--ratio", "0.5", "--target", "flops", "--rule", "zcls"), "rule zcls takes a ratio, not flops"),
        (("--ratio", "0.5", "--set", "epohcs=3"), "epochs"),
    ],
)
def test_what_cannot_be_cut_is_said(sparse: Run, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused("prune", str(sparse.folder), *arguments, "--device", "cpu", "--no-control")


@pytest.mark.slow
def test_a_pickle_in_place_of_the_model_is_refused(sparse: Run, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "executed",)

    copied = tmp_path / "copied"
    shutil.copytree(sparse.folder, copied, ignore=shutil.ignore_patterns("slim*"))
    (copied / "model.safetensors").write_bytes(pickle.dumps(Trap()))
    assert "is not a safetensors file" in refused("prune", str(copied), "--ratio", "0.5", "--device", "cpu")
    assert not (tmp_path / "executed").exists()
    (copied / "model.safetensors").unlink()
    assert "run with --save-model to keep the model" in refused("prune", str(copied), "--ratio", "0.5")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--ratio", "1"), "--ratio 1 must be above 0 and below 1: the share of channels to cut"),
        (("--ratio", "0.9", "--target", "speedup"), "--ratio 0.9 must be above 1 with --target speedup"),
        (("--ratio", "0.2,much"), "'0.2,much' is not a list of numbers above 0 such as 0.2,0.4,0.6"),
        (("--ratio", "-0.2"), "'-0.2' is not a list of numbers above 0"),
        (("--ratio", "nan"), "'nan' is not a list of numbers above 0"),
    ],
)
def test_a_wrong_ratio_is_refused_before_anything_is_loaded(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused("prune", str(tmp_path), *arguments)


def test_a_wrong_run_or_recipe_is_refused(tmp_path: Path) -> None:
    assert "is not a run folder" in refused("prune", str(tmp_path), "--ratio", "0.5")
    assert refused("slim-vgg91").startswith("there is no recipe 'slim-vgg91'; did you mean slim-vgg1")
    sentence = refused("mnist-1", "--data", "digits", "--device", "cpu", folder=tmp_path)
    assert "needs a model that learns such scales" in sentence


def test_the_help_lists_both_commands() -> None:
    shown = CliRunner().invoke(main, ["slim", "--help"]).stdout
    assert "prune" in shown
    assert "train" in shown
