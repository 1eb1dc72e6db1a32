"""A run's model as a file of its own, and evaluated from there, by another process too."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from dawnbench.inference import onnx_file
from dawnbench.inference.onnx_session import open_onnx
from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import TINY_RECIPE, Finished, command_in

Dawnbench = Callable[..., Finished]
RECIPE = ("--recipe", "tiny.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that kept its model; beside `runs`, `out` holds both files of it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    dawnbench = command_in(folder)
    done = dawnbench("run", "tiny.py", "--trials=1", "--epochs=2", "--save-model")
    assert done.returncode == 0, done.stderr
    for kind in ("onnx", "safetensors"):
        done = dawnbench("export", "latest", "--format", kind, "-o", f"out/it.{kind}", *RECIPE)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"out/it.{kind}\n", "")
    (run,) = (folder / "runs").glob("*-tiny-*")
    return run


@pytest.fixture
def tiny(trained: Path, tmp_path: Path) -> Run:
    """Return a copy of the run, in the `runs` folder of this test."""
    return read_run(Path(shutil.copytree(trained, tmp_path / "runs" / trained.name)))


@pytest.fixture
def written(trained: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder with it.onnx and it.safetensors."""
    return Path(shutil.copytree(trained.parent.parent / "out", tmp_path / "out"))


def refused(done: Finished) -> str:
    """Return the sentence of a call that wrote nothing."""
    assert (done.returncode, done.stdout) == (2, "")
    sentence = done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    return re.sub("^(dawnbench|Error): ", "", sentence)


@pytest.mark.slow
def test_another_process_finds_the_same_accuracy_to_the_digit(
    tiny: Run, written: Path, warm: str, tmp_path: Path
) -> None:
    every = (
        "import sys\nfrom dawnbench.cli import main\nfor it in sys.argv[1:]:"
        "main(['evaluate', it, '--json', '--recipe', 'tiny.py'], standalone_mode=False)"
    )
    sources = [tiny.folder, written / "it.safetensors", written / "it.onnx"]
    done = subprocess.run(
        [warm, "-c", every, *sources], cwd=tmp_path, text=True, capture_output=True, check=True
    )
    run, file, onnx = map(json.loads, done.stdout.splitlines())
    assert run == file
    assert run["correct"] == tiny.epochs[-1].validation_correct
    assert run["accuracy"] == run["recorded_accuracy"] == onnx["recorded_accuracy"] == onnx["accuracy"]
    assert (onnx["images"], onnx["trial"], onnx["fingerprint"]) == (360, 1, run["fingerprint"])
    assert onnx["loss"] == pytest.approx(run["loss"], rel=1e-3)


def test_a_line_says_how_an_onnx_file_was_evaluated(dawnbench: Dawnbench, written: Path) -> None:
    line = dawnbench("evaluate", "out/it.onnx").stdout
    how = r"\d+ correct\), loss \d\.\d{4}, by onnxruntime from one view of each; recorded: [\d.]+ %\n"
    assert re.search(how, line), line


def test_the_weights_need_nothing_but_safetensors(tiny: Run, written: Path) -> None:
    own, exported = load_file(tiny.folder / "model.safetensors"), load_file(written / "it.safetensors")
    assert list(own) == list(exported)
    assert all(np.array_equal(own[name], exported[name]) for name in own)


def test_others_may_read_the_files(written: Path) -> None:
    assert len({path.stat().st_mode for path in (*written.iterdir(), written.parent / "tiny.py")}) == 1


def test_the_computation_in_another_precision_is_said(dawnbench: Dawnbench, tiny: Run) -> None:
    kept = tiny.folder / "model.safetensors"
    with safe_open(kept, "np") as file:
        facts = file.metadata()
    save_file(load_file(kept), kept, facts | {"precision": "bf16"})
    done = dawnbench("export", "latest", "--format", "onnx", *RECIPE)
    path = f"exports/onnx/{tiny.folder.name}.onnx"
    assert (done.returncode, done.stdout) == (0, f"{path}\n")
    assert done.stderr == (
        f"dawnbench: the run computed in bf16 and {path} computes in fp32, so its accuracy may differ by "
        "rounding\n"
    )
    assert dawnbench("export", "latest", "--format", "safetensors", *RECIPE).stderr == ""


def test_a_quantized_file_comes_with_its_own_name_and_accuracy(
    dawnbench: Dawnbench, tiny: Run, tmp_path: Path
) -> None:
    done = dawnbench("export", "latest", "--format=onnx", "--precision=int8", *RECIPE)
    path = f"exports/onnx/{tiny.folder.name}-int8.onnx"
    assert (done.returncode, done.stdout) == (0, f"{path}\n")
    found = json.loads(dawnbench("evaluate", path, "--json").stdout)
    assert found["recorded_accuracy"] == tiny.trials[0].accuracy
    assert abs(found["accuracy"] - found["recorded_accuracy"]) < 0.05
    assert done.stderr == (
        f"dawnbench: {path} computes in int8, quantized on training images, and classifies "
        f"{100 * found['accuracy']:.2f} % of the 360 test images correctly\n"
    )
    facts = open_onnx(tmp_path / path).facts
    assert (facts["precision"], facts["trained_precision"], facts["calibration_images"]) == (
        "int8",
        "fp32",
        "512",
    )


def test_a_file_is_exported_again_and_named_after_itself(dawnbench: Dawnbench, written: Path) -> None:
    done = dawnbench("export", "out/it.safetensors", "--format", "onnx", *RECIPE)
    assert done.stdout == "exports/onnx/it.onnx\n"
    first, again = (
        json.loads(dawnbench("evaluate", it, "--json").stdout)
        for it in ("out/it.onnx", "exports/onnx/it.onnx")
    )
    assert first == again


def test_many_runs_go_into_a_folder_and_not_into_one_file(dawnbench: Dawnbench, tiny: Run) -> None:
    other = shutil.copytree(tiny.folder, tiny.folder.parent / "other")
    done = dawnbench("export", "runs", "--format", "safetensors", "-o", "out", *RECIPE)
    names = sorted([tiny.folder.name, other.name])
    assert sorted(done.stdout.splitlines()) == [f"out/{name}.safetensors" for name in names]
    one = dawnbench("export", "runs", "--format", "safetensors", "-o", "it.safetensors", *RECIPE)
    assert refused(one) == "it.safetensors can hold only one of the 2 models; name a folder"
    twice = dawnbench("export", str(other), "runs/other/model.safetensors", "--format", "onnx", *RECIPE)
    assert "would both become exports/onnx/other.onnx" in refused(twice)
    assert "cannot go to standard output" in refused(
        dawnbench("export", "latest", "--format", "onnx", "-o", "-", *RECIPE)
    )


def test_logits_that_differ_are_one_sentence_and_no_file(
    dawnbench: Dawnbench, tiny: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "TOLERANCE", -1.0)
    done = dawnbench("export", "latest", "--format", "onnx", "-o", "out/it.onnx", *RECIPE)
    assert refused(done).startswith("out/it.onnx was not written: onnxruntime's logits differ from torch's")
    assert not (tmp_path / "out").exists()


def test_a_missing_package_is_named_with_its_extra(
    dawnbench: Dawnbench, tiny: Run, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package, call in (
        ("onnxscript", ("export", str(tiny.folder), "--format", "onnx", *RECIPE)),
        ("onnxruntime", ("evaluate", "out/it.onnx")),
    ):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            assert refused(dawnbench(*call)) == (
                f"ONNX files need the package {package}; install it with `pip install 'dawnbench[onnx]'`"
            )


def test_without_a_model_there_is_nothing_to_export(dawnbench: Dawnbench, tiny: Run) -> None:
    (tiny.folder / "model.safetensors").unlink()
    for kind in ("onnx", "safetensors"):
        done = dawnbench("export", "latest", "--format", kind, *RECIPE)
        assert refused(done).endswith("does not exist; run with --save-model to keep the model")


class Planted:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["model.pt", "model.safetensors", "model.onnx"])
def test_a_pickle_is_refused_and_not_run(dawnbench: Dawnbench, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Planted(tmp_path / "harm")))
    kind = "usable ONNX" if name.endswith(".onnx") else "safetensors"
    assert f"{name} is not a {kind} file" in refused(dawnbench("evaluate", name))
    assert "is not a safetensors file" in refused(dawnbench("export", name, "--format", "onnx"))
    assert not (tmp_path / "harm").exists()


def test_a_truncated_file_is_refused(dawnbench: Dawnbench, written: Path) -> None:
    path = written / "it.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    for call in (("evaluate", str(path)), ("export", str(path), "--format", "safetensors")):
        assert "it.safetensors is not a safetensors file: " in refused(dawnbench(*call, *RECIPE))


def test_a_file_that_does_not_exist_is_a_sentence(dawnbench: Dawnbench, tiny: Run) -> None:
    sentence = "no.onnx does not exist; name a run or the file of a model"
    assert refused(dawnbench("evaluate", "no.onnx")) == sentence
    assert refused(dawnbench("export", "no.onnx", "--format", "onnx")) == sentence


def test_an_onnx_file_takes_other_data_of_its_shape_only(
    dawnbench: Dawnbench, written: Path, tmp_path: Path
) -> None:
    for name, side in (("few", 8), ("large", 9)):
        pixels, labels = np.zeros((20, side, side, 1), np.uint8), np.arange(20) % 10
        np.savez(tmp_path / f"{name}.npz", x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)
    found = json.loads(dawnbench("evaluate", "out/it.onnx", "--data=few.npz", "--json").stdout)
    assert (found["images"], found["recorded_accuracy"]) == (20, None)
    sentence = refused(dawnbench("evaluate", "out/it.onnx", "--data=large.npz"))
    assert sentence == (
        "the images of large.npz are 9x9x1 in 10 classes, but out/it.onnx takes 8x8x1 in 10; choose other "
        "data with --data"
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (("evaluate", "it.onnx", "--device=cuda"), "--device cuda does not apply to an .onnx file; omit it"),
        (("export", "runs", "--format=csv", "--data=digits"), "--data does not apply to --format csv"),
        (("export", "runs", "--format=json", "--recipe=x.py"), "--recipe does not apply to --format json"),
        (
            ("export", "runs", "--format=safetensors", "--precision=int8"),
            "--precision does not apply to --format safetensors",
        ),
        (("export", "runs", "--format=onnx", "--author=Ada"), "--author does not apply to --format onnx"),
    ],
)
def test_an_option_that_does_not_apply_is_refused(
    dawnbench: Dawnbench, tmp_path: Path, call: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "it.onnx").touch()
    assert refused(dawnbench(*call)) == sentence
