"""The verb `prune`, on models that train in a second."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from dawnbench.cli import main
from dawnbench.compress import sweep
from dawnbench.data.sources import load_dataset
from dawnbench.engine.model_file import read_model_file
from dawnbench.records.published import CIFAR10_FINGERPRINT
from tests.cli.conftest import TINY_RECIPE, Finished, command_in, only_run
from tests.cli.test_evaluate import Planted
from tests.export.json_schemas import faults, published

Dawnbench = Callable[..., Finished]
NARROW = (
    *("davidnet-10", "--set", "model.widths=[4,4,8,8]", "--set", "batch_size=128", "--data", "few.npz"),
    *("--set", "model.norm_splits=4", "--set", "dataset.mean=null", "--set", "dataset.std=null"),
    *("--set", "average.every=2", "--set", "average.momentum=0.9", "--set", "precision=fp32"),
)
"""Ghost norms, whitening, mirrored views and an average, which is what is evaluated."""


def trained(folder: Path, *arguments: str) -> Path:
    """Train with --save-model in a folder, which gets tiny.py, and return the run folder."""
    (folder / "tiny.py").write_text(TINY_RECIPE)
    done = command_in(folder)("run", *arguments, "--save-model", "--trials=1")
    assert done.returncode == 0, done.stderr
    return only_run(folder)


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("dense"), "tiny.py", "--epochs=3", "--seed=5")


@pytest.fixture
def run(dense: Path, tmp_path: Path) -> Path:
    """Return a copy of the run, to be spoiled as a test likes."""
    return Path(shutil.copytree(dense, tmp_path / "runs" / dense.name))


def few_digits(folder: Path) -> None:
    """Write few.npz, with 512 training and 200 test images."""
    digits = load_dataset("digits")
    np.savez(
        folder / "few.npz",
        x_train=digits.train_images[:512],
        y_train=digits.train_labels[:512],
        x_test=digits.test_images[:200],
        y_test=digits.test_labels[:200],
    )


def document(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "pruned.json").read_text())  # type: ignore[no-any-return]


def refused(folder: Path, *arguments: str) -> str:
    """Return the sentence."""
    with chdir(folder):
        done = CliRunner().invoke(main, ["prune", *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    *progress, sentence = done.stderr.splitlines()
    assert progress in ([], ["opening the dense model..."])
    return sentence.removeprefix("dawnbench: ")


def test_table_figure_and_models_in_the_run_folder(dawnbench: Dawnbench, run: Path) -> None:
    done = dawnbench("prune", "latest", "--recipe=tiny.py", "--sparsity=0.5,0.9", "--finetune=2")
    assert done.returncode == 0, done.stderr
    folder = run / "pruned"
    figures = {"figures/accuracy.png", "figures/accuracy.svg"}
    files = {"pruned.json", "pruned.md", "pruned_50.safetensors", "pruned_90.safetensors"}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == files | figures
    header, rule, *rows = (line for line in (folder / "pruned.md").read_text().splitlines() if "|" in line)
    assert header.startswith("| Model Name          | Model Parameter | Accuracy |")
    assert set(rule) == set("|-: ")
    names = ["Original Model", "pruned_savemodel_50", "pruned_savemodel_90"]
    assert [row.split("|")[1].strip() for row in rows] == names
    assert len({len(line) for line in (header, rule, *rows)}) == 1
    assert "![Accuracy by parameters](figures/accuracy.svg)" in (folder / "pruned.md").read_text()
    # 64 x 16 and 16 x 10 weights, 26 biases.
    assert [model["parameters"] for model in document(folder)["models"]] == [1210, 618, 144]
    assert [model["effective_flops"] for model in document(folder)["models"]] == [2368, 1184, 236]
    first, *others = done.stdout.splitlines()[:4]
    assert first.split() == ["model", "parameters", "FLOPs", "pruned", "recalib.", "tuned", "seconds"]
    assert [re.split(r" {2,}", line)[0] for line in others] == names
    assert all(len(line) <= 80 for line in (first, *others))
    assert done.stdout.splitlines()[-1].endswith("pruned/pruned.md")
    assert "pruned_savemodel_50: 618 parameters, " in done.stderr
    assert "1 of 2, 50 %: fine-tuning, epoch 2 of 2..." in done.stderr


def test_the_document_fits_its_schema_and_a_second_sweep_replaces_nothing(
    dawnbench: Dawnbench, run: Path
) -> None:
    arguments = ("prune", str(run), "--recipe=tiny.py", "--sparsity=0.25", "--scope=layer", "--json")
    printed = json.loads(dawnbench(*arguments).stdout)
    assert faults(printed, published("prune-v1.json")) == []
    assert document(run / "pruned") == printed
    assert (printed["scope"], printed["complete"], printed["seed"]) == ("layer", True, 5)
    before = (run / "pruned" / "pruned.json").read_bytes()
    assert dawnbench(*arguments).returncode == 0
    assert (run / "pruned" / "pruned.json").read_bytes() == before
    again = document(run / "pruned-2")
    for model in (*printed["models"], *again["models"]):
        del model["seconds"]
    assert again == printed


def test_a_pruned_file_says_its_own_accuracy_not_that_of_an_exported_dense_model(
    dawnbench: Dawnbench, run: Path, tmp_path: Path
) -> None:
    dense = run / "model.safetensors"
    done = dawnbench("export", "latest", "--format=safetensors", "-o", "out.safetensors", "--recipe=tiny.py")
    assert done.returncode == 0, done.stderr
    shutil.move(tmp_path / "out.safetensors", dense)
    assert dawnbench("prune", "latest", "--recipe=tiny.py", "--sparsity=0.99").returncode == 0
    _, model = document(run / "pruned")["models"]
    file = run / "pruned" / model["file"]
    before, after = (read_model_file(path).metadata for path in (dense, file))
    assert float(before["accuracy"]) != model["accuracy"]
    assert (float(after["accuracy"]), after["sparsity"]) == (model["accuracy"], "0.99")
    assert {"classes", "dawnbench", "data"} <= set(before) - set(after)
    same = ("recipe", "recipe_digest", "settings", "trial", "seed", "data_fingerprint", "mean", "std")
    assert [after[name] for name in same] == [before[name] for name in same]
    found = json.loads(dawnbench("evaluate", str(file), "--recipe=tiny.py", "--json").stdout)
    assert found["accuracy"] == found["recorded_accuracy"] == model["accuracy"]


def test_a_killed_sweep_keeps_its_rows(
    dawnbench: Dawnbench, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = sweep._Sweep._measure

    def interrupted(self: Any, sparsity: float, what: str) -> Any:
        if sparsity == 0.9:
            raise KeyboardInterrupt
        return measure(self, sparsity, what)

    monkeypatch.setattr(sweep._Sweep, "_measure", interrupted)
    done = dawnbench("prune", "latest", "--recipe=tiny.py", "--sparsity=0.5,0.9,0.95")
    assert done.returncode == 130
    found = document(run / "pruned")
    assert [model["sparsity"] for model in found["models"]] == [0, 0.5]
    assert found["complete"] is False
    page = (run / "pruned" / "pruned.md").read_text()
    assert "pruned_savemodel_50" in page
    assert "The sweep is incomplete." in page
    assert "The sweep is incomplete." in done.stdout
    assert (run / "pruned" / "figures" / "accuracy.svg").exists()


def test_what_a_sweep_killed_at_once_leaves_is_drawn(
    dawnbench: Dawnbench, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """Stands for SIGKILL, after which nothing of the process runs."""

    def killed(sweep: Any, folder: Path, as_json: bool) -> None:
        raise KilledError

    monkeypatch.setattr("dawnbench.cli.prune.WORTH_DRAWING", 0)
    monkeypatch.setattr("dawnbench.cli.prune._conclude", killed)
    with pytest.raises(KilledError):
        dawnbench("prune", "latest", "--recipe=tiny.py", "--sparsity=0.5")
    page = (run / "pruned" / "pruned.md").read_text()
    assert "![Accuracy by parameters](figures/accuracy.svg)" in page
    assert "The sweep is incomplete." in page
    assert (run / "pruned" / "figures" / "accuracy.png").exists()


def test_the_published_protocol(dawnbench: Dawnbench, tmp_path: Path) -> None:
    few_digits(tmp_path)
    run = trained(tmp_path, *NARROW, "--epochs=1")
    done = dawnbench("prune", "latest", "--sparsity=0.5", "--protocol=train-mode", "--json")
    printed = json.loads(done.stdout)
    assert (printed["protocol"], printed["recalibration_images"]) == ("train-mode", 0)
    assert printed["models"][1]["recalibrated_accuracy"] is None
    page = (run / "pruned" / "pruned.md").read_text()
    assert "with batch norm in training mode on the validation batches" in page
    np.savez(tmp_path / "odd.npz", **{k: v[:99] for k, v in np.load(tmp_path / "few.npz").items()})
    for option in ("--protocol=train-mode", "--recalibrate=1"):
        done = dawnbench("prune", "latest", "--sparsity=0.5", "--data=odd.npz", option)
        assert done.returncode == 2
        assert "a batch of 99 does not split into 4 equal parts" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_another_process_finds_each_accuracy_to_the_digit(
    dawnbench: Dawnbench, warm: str, tmp_path: Path
) -> None:
    few_digits(tmp_path)
    run = trained(tmp_path, *NARROW, "--epochs=4")
    assert dawnbench("prune", "latest", "--sparsity=0.6", "--finetune=1").returncode == 0
    assert dawnbench("prune", "latest", "--sparsity=0.8", "--recalibrate=300").returncode == 0
    folders = (run / "pruned", run / "pruned-2")
    models = [
        (folder / model["file"], model) for folder in folders for model in document(folder)["models"][1:]
    ]
    both = "import sys\nfrom dawnbench.cli import main\n"
    both += "for file in sys.argv[1:]: main(['evaluate', file, '--json'], standalone_mode=False)"
    command = [warm, "-c", both, *(file for file, _ in models)]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, timeout=240, check=True)
    for (_, model), line in zip(models, done.stdout.splitlines(), strict=True):
        last = model["finetuned_accuracy"] or model["recalibrated_accuracy"]
        assert json.loads(line)["accuracy"] == last
    assert document(run / "pruned-2")["recalibration_images"] == 384


def test_fine_tuned_at_90_percent_within_half_a_point_of_dense(dawnbench: Dawnbench, tmp_path: Path) -> None:
    run = trained(tmp_path, "tiny.py", "--set=model.width=128")
    done = dawnbench("prune", "latest", "--recipe=tiny.py", "--sparsity=0.9", "--finetune=5")
    assert done.returncode == 0, done.stderr
    before, after = document(run / "pruned")["models"]
    assert after["finetuned_accuracy"] >= before["accuracy"] - 0.005
    assert after["finetuned_accuracy"] > after["accuracy"]
    assert after["recalibrated_accuracy"] is None  # it has no batch norm


def test_a_diverged_fine_tuning_is_told_and_its_model_not_kept(
    dawnbench: Dawnbench, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "RATE_FACTOR", 1e30)
    done = dawnbench("prune", "latest", "--recipe=tiny.py", "--sparsity=0.5", "--finetune=2", "--json")
    assert done.returncode == 0, done.stderr
    model, (note,) = json.loads(done.stdout)["models"][1], json.loads(done.stdout)["notes"]
    assert model["finetuned_accuracy"] is None
    assert note.startswith("1 of 1, 50 %: the fine-tuning diverged, since the training loss was nan")
    done = dawnbench("prune", "latest", "--recipe=tiny.py", "--sparsity=0.5", "--json")
    assert json.loads(done.stdout)["models"][1]["accuracy"] == model["accuracy"]


@pytest.mark.parametrize("value", ["0", "1", "-0.5", "50", "nan", "0.5,1.5"])
def test_a_sparsity_outside_zero_and_one_is_refused(tmp_path: Path, value: str) -> None:
    sentence = refused(tmp_path, "anything", f"--sparsity={value}")
    assert f"a sparsity of {value.split(',')[-1]} is outside (0, 1)" in sentence


def test_what_is_no_sparsity_is_refused(tmp_path: Path) -> None:
    assert "'half' is not a list of fractions such as 0.5,0.9" in refused(tmp_path, "x", "--sparsity=half")


def test_a_run_without_a_model_is_refused(run: Path) -> None:
    (run / "model.safetensors").unlink()
    sentence = refused(run.parent.parent, "latest", "--recipe=tiny.py")
    assert sentence.endswith("model.safetensors does not exist; run with --save-model to keep the model")
    assert not (run / "pruned").exists()


def test_a_file_is_refused_before_anything_is_evaluated(run: Path) -> None:
    sentence = refused(run.parent.parent, str(run / "model.safetensors"), "--recipe=tiny.py")
    assert sentence.endswith(" is a file; give the run folder, into which the sweep is written")


def test_a_pickle_is_refused_and_not_run(run: Path, tmp_path: Path) -> None:
    (run / "model.safetensors").write_bytes(pickle.dumps(Planted(tmp_path / "harm")))
    assert "is not a safetensors file" in refused(tmp_path, str(run), "--recipe=tiny.py")
    assert not (tmp_path / "harm").exists()


def test_a_model_of_another_recipe_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "wide").mkdir()
    wide = trained(tmp_path / "wide", "tiny.py", "--epochs=1", "--set=model.width=32")
    shutil.copy(wide / "model.safetensors", run)
    sentence = refused(tmp_path, str(run), "--recipe=tiny.py")
    assert "holds a model of tiny with settings other than those of this run's tiny" in sentence


def test_statistics_that_the_protocol_does_not_use_are_not_estimated(tmp_path: Path) -> None:
    with chdir(tmp_path):
        done = CliRunner().invoke(main, ["prune", "x", "--protocol=train-mode", "--recalibrate=100"])
    assert done.exit_code == 2
    assert "--recalibrate has no effect with --protocol train-mode" in done.stderr


def test_the_figure_has_the_published_curve_for_cifar10_only(
    dawnbench: Dawnbench, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("prune", "latest", "--recipe=tiny.py", "--sparsity=0.5,0.9")
    dawnbench(*arguments)
    assert "<!-- published" not in (run / "pruned" / "figures" / "accuracy.svg").read_text()
    fingerprint = document(run / "pruned")["fingerprint"]
    assert fingerprint != CIFAR10_FINGERPRINT
    monkeypatch.setattr("dawnbench.report.charts.pruning.CIFAR10_FINGERPRINT", fingerprint)
    dawnbench(*arguments)
    assert "<!-- published" in (run / "pruned-2" / "figures" / "accuracy.svg").read_text()
