"""A model kept by a run and evaluated later, by another process too."""

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
from dawnbench.recipes import part
from dawnbench.records.reader import Run, read_run
from dawnbench.records.rules import RULES
from tests.cli.conftest import TINY_RECIPE, Finished, command_in

Dawnbench = Callable[..., Finished]
NARROW = ("--set", "model.widths=[8,8,16,16]", "--trials", "2", "--epochs", "2", "--data", "digits")
AVERAGED = (
    *("davidnet-10", *NARROW, "--set", "batch_size=128", "--set", "model.norm_splits=4"),
    *("--set", "dataset.mean=null", "--set", "dataset.std=null"),
    *("--set", "average.every=2", "--set", "average.momentum=0.9"),
)


def kept(dawnbench: Dawnbench, folder: Path, *arguments: str) -> Run:
    """Run with --save-model into a folder of its own."""
    done = dawnbench("run", *arguments, "--save-model", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    (found,) = folder.iterdir()
    return read_run(found)


def evaluated(dawnbench: Dawnbench, run: Run, *arguments: str) -> dict[str, Any]:
    done = dawnbench("evaluate", str(run.folder), "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def refused(folder: Path, *arguments: str) -> str:
    """Return the sentence, from this process: what is refused needs none of its own."""
    with chdir(folder):
        done = CliRunner().invoke(main, ["evaluate", *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("dawnbench: ")
    return sentence.removeprefix("dawnbench: ")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that kept its model."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    run = kept(command_in(folder), folder / "runs", "tiny.py", "--trials=2", "--epochs=2", "--seed=5")
    return run.folder


@pytest.fixture
def tiny(trained: Path, tmp_path: Path) -> Run:
    """Return a copy of the run, to be spoiled as a test likes."""
    return read_run(Path(shutil.copytree(trained, tmp_path / "tiny" / trained.name)))


@pytest.mark.slow
def test_another_process_finds_the_same_accuracy_to_the_digit(
    dawnbench: Dawnbench, warm: str, tmp_path: Path
) -> None:
    plain = kept(dawnbench, tmp_path / "plain", "quickstart", *NARROW)
    averaged = kept(dawnbench, tmp_path / "averaged", *AVERAGED)
    both = "import sys\nfrom dawnbench.cli import main\n"
    both += "for run in sys.argv[1:]: main(['evaluate', run, '--json'], standalone_mode=False)"
    command = [warm, "-c", both, plain.folder, averaged.folder]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, timeout=240, check=True)
    for run, line in zip((plain, averaged), done.stdout.splitlines(), strict=True):
        found, last = json.loads(line), run.epochs[-1]
        assert (found["correct"], found["images"]) == (last.validation_correct, last.validation_images)
        assert found["accuracy"] == found["recorded_accuracy"] == run.trials[-1].accuracy
        assert found["loss"] == pytest.approx(last.validation_loss, rel=1e-5)
        assert (found["trial"], found["fingerprint"]) == (2, run.record.data.fingerprint)


def test_the_line_for_people(dawnbench: Dawnbench, tiny: Run) -> None:
    done = dawnbench("evaluate", str(tiny.folder), "--recipe", "tiny.py")
    assert done.returncode == 0, done.stderr
    last = tiny.epochs[-1]
    accuracy = f"{100 * last.validation_accuracy:.2f} %"
    right = f"{last.validation_correct} correct"
    line = rf"{accuracy} of 360 images \({right}\), loss \d\.\d{{4}}; recorded: {accuracy}\n"
    assert re.fullmatch(line, done.stdout), done.stdout


def test_writing_the_model_counts_in_no_rule_but_cold(tiny: Run) -> None:
    for trial in tiny.trials:
        *_, written = (s for s in trial.segments if s.name == "checkpoint")
        assert (written.epoch, written.length_ns > 0) == (2, True)
    assert [rule.name for rule in RULES if "checkpoint" in rule.counted] == ["cold"]


def test_without_the_option_no_model_is_kept_and_evaluate_says_so(
    dawnbench: Dawnbench, tmp_path: Path
) -> None:
    assert dawnbench("run", "tiny.py", "--trials=1", "--epochs=1").returncode == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert not (folder / "model.safetensors").exists()
    assert all("checkpoint" not in {s.name for s in trial.segments} for trial in read_run(folder).trials)
    sentence = refused(tmp_path, str(folder), "--recipe", "tiny.py")
    assert (
        sentence == f"{folder / 'model.safetensors'} does not exist; run with --save-model to keep the model"
    )


def test_other_data_have_an_accuracy_and_nothing_recorded(
    dawnbench: Dawnbench, tiny: Run, tmp_path: Path
) -> None:
    # Fewer images than a batch of the training.
    save(tmp_path / "few.npz", channels=1, classes=10)
    found = evaluated(dawnbench, tiny, "--recipe=tiny.py", "--data=few.npz")
    assert (found["images"], found["recorded_accuracy"], found["data"]) == (20, None, "few.npz")
    done = dawnbench("evaluate", str(tiny.folder), "--recipe=tiny.py", "--data=few.npz")
    assert " of 20 images (" in done.stdout
    assert "recorded" not in done.stdout


def save(path: Path, channels: int, classes: int) -> None:
    pixels, labels = np.zeros((20, 8, 8, channels), np.uint8), np.arange(20) % classes
    np.savez(path, x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)


@pytest.mark.parametrize(("channels", "classes", "what"), [(3, 10, "3 channels"), (1, 4, "4 classes")])
def test_data_that_the_model_does_not_know_are_refused(
    tiny: Run, tmp_path: Path, channels: int, classes: int, what: str
) -> None:
    save(tmp_path / "other.npz", channels, classes)
    sentence = refused(tmp_path, str(tiny.folder), "--recipe=tiny.py", "--data=other.npz")
    assert sentence.startswith(
        f"the images of other.npz have {what} but the model was trained on images with"
    )


def test_a_part_of_ones_own_needs_its_file(
    tiny: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test of this process may have defined the part.
    monkeypatch.setattr(part, "_CLASSES", {k: v for k, v in part._CLASSES.items() if k != "perceptron"})
    sentence = refused(tmp_path, str(tiny.folder))
    assert "'perceptron'" in sentence
    assert sentence.endswith("give the recipe's file with --recipe FILE")
    (tmp_path / "other.py").write_text("from dawnbench.recipes.quickstart import recipe\n")
    assert "give the file that defines it" in refused(tmp_path, str(tiny.folder), "--recipe", "other.py")


class Planted:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_is_refused_and_not_run(tiny: Run, tmp_path: Path) -> None:
    (tiny.folder / "model.safetensors").write_bytes(pickle.dumps(Planted(tmp_path / "harm")))
    assert "is not a safetensors file" in refused(tmp_path, str(tiny.folder), "--recipe=tiny.py")
    assert not (tmp_path / "harm").exists()


def test_a_model_of_another_recipe_is_refused(dawnbench: Dawnbench, tiny: Run, tmp_path: Path) -> None:
    (tmp_path / "wide.py").write_text(TINY_RECIPE.replace('name="tiny"', 'name="wide"'))
    wide = kept(dawnbench, tmp_path / "wide", "wide.py", "--trials=1", "--epochs=1", "--set=model.width=32")
    shutil.copy(wide.folder / "model.safetensors", tiny.folder)
    sentence = refused(tmp_path, str(tiny.folder), "--recipe=tiny.py")
    assert "holds a model of wide with settings other than those of this run's tiny" in sentence


def test_what_is_no_run_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "nowhere").startswith("nowhere is not a run folder")
