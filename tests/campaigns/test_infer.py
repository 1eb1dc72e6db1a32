"""Inference runs of a small model: what is prepared, timed and recorded, alone and in turns."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import dawnbench
from dawnbench.campaigns import SilentObserver, inference_session, run
from dawnbench.campaigns.infer import infer, infer_ab
from dawnbench.campaigns.inference_session import ModelToTime
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import TINY_RECIPE

PREPARED = [*("load", "build"), *("record",) * 3, "compile"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that kept its model, with its recipe file beside it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    recipe = replace(find_recipe(str(folder / "tiny.py")), epochs=2, trials=1)
    return run(recipe, device="cpu", out=folder / "runs", save_model=True)


def measured(source: Path, tmp_path: Path, **options: Any) -> Run:
    options = {"device": "cpu", "trials": 2, "out": tmp_path / "runs", **options}
    return read_run(infer(source, **options))


def test_a_run_times_every_pass_after_one_preparation(trained: Path, tmp_path: Path) -> None:
    found = measured(trained, tmp_path, batch_sizes=(64, 10), trials=3, tags={"branch": "main"})
    assert [trial.status for trial in found.trials] == ["finished"] * 3
    for trial in found.trials:
        names = [segment.name for segment in trial.segments]
        assert names == [*PREPARED, "infer", "throughput", "throughput"]
        assert all(earlier.start_ns <= later.start_ns for earlier, later in pairwise(trial.segments))
        (infer_ns,) = (s.length_ns for s in trial.segments if s.name == "infer")
        assert trial.seconds == {"inference": infer_ns / 1e9}
        result = trial.inference
        assert result is not None
        assert result.latency_seconds == pytest.approx(infer_ns / 1e9 / 360)
        assert [at.batch_size for at in result.throughputs] == [1, 10, 64]
        assert result.median_seconds <= result.p90_seconds <= result.p99_seconds <= result.max_seconds
        assert (result.energy_per_image_joules is None) == (result.energy_unknown is not None)
    assert len({trial.inference.correct for trial in found.trials if trial.inference}) == 1
    assert found.epochs == ()
    assert found.record.tags == {"branch": "main"}
    assert found.record.status == "finished"
    assert (found.folder / "telemetry.jsonl").stat().st_size > 0


def test_the_record_says_which_model_answered_and_how(trained: Path, tmp_path: Path) -> None:
    training = read_run(trained).record
    record = measured(trained, tmp_path).record
    settings = record.inference
    assert settings is not None
    assert (record.kind, training.kind, training.inference) == ("inference", "training", None)
    assert (record.recipe_name, record.recipe) == ("tiny", training.recipe)
    assert settings.trained_recipe_digest == training.recipe_digest
    assert record.recipe_digest != training.recipe_digest
    assert (settings.trained_run, settings.model) == (trained.name, str(trained / "model.safetensors"))
    assert settings.recorded_accuracy == read_run(trained).trials[0].accuracy
    assert (settings.runtime, settings.compile, settings.batch_sizes) == ("torch", False, (1, 64))
    assert (record.data, record.device, record.target) == (training.data, "cpu", 0.97)


def test_the_digest_depends_on_the_runtime_but_not_on_the_run(trained: Path, tmp_path: Path) -> None:
    first, again = (measured(trained, tmp_path, trials=1).record.recipe_digest for _ in range(2))
    onnx = measured(trained, tmp_path, trials=1, runtime="onnx").record
    assert first == again != onnx.recipe_digest
    assert onnx.inference is not None
    assert (onnx.inference.runtime, onnx.precision) == ("onnx", "fp32")


def test_a_quantized_model_is_another_with_its_own_accuracy(trained: Path, tmp_path: Path) -> None:
    plain = measured(trained, tmp_path, trials=1, runtime="onnx").record
    found = measured(trained, tmp_path, trials=1, runtime="onnx", precision="int8", target=0.01)
    record, (passed,) = found.record, found.trials
    assert plain.inference is not None
    assert record.inference is not None
    assert (plain.inference.calibration_images, record.inference.calibration_images) == (None, 512)
    assert (plain.precision, record.precision) == ("fp32", "int8")
    assert record.recipe_digest != plain.recipe_digest
    (note,) = record.notes
    assert note.startswith("the model was quantized to int8 on 512 training images")
    assert passed.inference is not None
    assert passed.accuracy == passed.inference.correct / 360
    assert abs(passed.accuracy - (record.inference.recorded_accuracy or 0)) < 0.05


def test_both_runtimes_give_the_accuracy_that_was_recorded(trained: Path, tmp_path: Path) -> None:
    recorded = read_run(trained).trials[0].accuracy
    for runtime in ("torch", "onnx"):
        for trial in measured(trained, tmp_path, trials=1, runtime=runtime).trials:
            assert trial.accuracy == recorded


def test_a_model_file_elsewhere_is_a_model_of_its_own(trained: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(trained / "model.safetensors", tmp_path / "copied.safetensors"))
    found, of_run = measured(file, tmp_path, trials=1).record, measured(trained, tmp_path, trials=1).record
    assert found.inference is not None
    assert of_run.inference is not None
    assert (found.inference.trained_run, found.inference.recorded_accuracy) == (None, None)
    assert found.inference.model_digest == of_run.inference.model_digest
    assert found.recipe_digest != of_run.recipe_digest


def test_below_the_target_it_is_measured_and_said_once(trained: Path, tmp_path: Path) -> None:
    found = measured(trained, tmp_path, target=0.999)
    (note,) = found.record.notes
    assert note.endswith("less than 99.90 %, so its latency is no claim under DAWNBench's rule")
    assert all(trial.target == 0.999 and trial.seconds["inference"] for trial in found.trials)
    assert measured(trained, tmp_path, target=0.01).record.notes == ()


def test_where_dawnbench_names_a_target_it_is_that_of_the_run(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inference_session.DAWNBENCH_TARGET == {"cifar10": 0.94}
    monkeypatch.setitem(inference_session.DAWNBENCH_TARGET, "digits", 0.94)
    assert measured(trained, tmp_path, trials=1).record.target == 0.94
    assert measured(trained, tmp_path, trials=1, target=0.9).record.target == 0.9


@pytest.fixture
def automatic(trained: Path, tmp_path: Path) -> Path:
    """Return the folder of a run whose recipe leaves it to the device whether to compile."""
    recipe = replace(find_recipe(str(trained.parents[1] / "tiny.py")), epochs=1, trials=1, compile="auto")
    return run(recipe, device="cpu", out=tmp_path / "automatic", save_model=True)


def test_a_compiler_that_fails_is_noted_and_the_record_says_what_ran(
    automatic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(*_arguments: Any, **_options: Any) -> Any:
        def fail(*_arguments: Any) -> Any:
            raise RuntimeError("no C++ compiler\nand so on")

        return fail

    plain = measured(automatic, tmp_path, trials=1).record
    monkeypatch.setattr(torch, "compile", compiled)
    monkeypatch.setattr(CpuDevice, "compiling_pays", True)
    found = measured(automatic, tmp_path, trials=1).record
    assert found.inference == plain.inference
    assert found.recipe_digest == plain.recipe_digest
    assert found.notes[0] == "torch.compile failed here (no C++ compiler), so nothing is compiled"
    with pytest.raises(
        DawnbenchError, match=r"^torch.compile failed here \(no C\+\+ compiler\); set compile"
    ):
        measured(automatic, tmp_path, compile=True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"batch_sizes": (1, 0)}, r"^batch size 0 is less than 1"),
        ({"batch_sizes": (1, 361)}, r"^a batch of 361 exceeds the 360 test images of digits"),
        ({"trials": 0}, r"^trials=0 is less than 1"),
        ({"runtime": "tvm"}, r"^there is no runtime tvm; the runtimes are torch and onnx$"),
        ({"runtime": "onnx", "compile": True}, r"^onnxruntime does not use torch.compile"),
        (
            {"runtime": "onnx", "precision": "bf16"},
            r"^.* in fp32 or int8 here, not in bf16",
        ),
        ({"precision": "int8"}, r"^torch does not compute in int8 here; add --runtime onnx$"),
        ({"runtime": "onnx", "precision": "int8", "device": "cuda"}, r"^onnxruntime runs on the processor"),
        ({"runtime": "onnx", "device": "cuda"}, r"^onnxruntime runs on the processor, not on cuda"),
    ],
)
def test_what_cannot_be_run_leaves_nothing(
    trained: Path, tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        measured(trained, tmp_path, **options)
    assert not (tmp_path / "runs").exists()


def test_an_onnx_file_is_refused_with_what_to_give_instead(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(DawnbenchError, match=r"is an ONNX file; give the run or .* with --runtime onnx$"):
        infer(tmp_path / "model.onnx")


class Order(SilentObserver):
    """Writes down whose pass ended."""

    def __init__(self, side: str, order: list[str]) -> None:
        self.side, self.order = side, order

    def trial_ended(self, record: Any) -> None:
        self.order.append(f"{self.side}{record.trial}")


def test_two_models_answer_in_turns_and_their_runs_are_paired(trained: Path, tmp_path: Path) -> None:
    order: list[str] = []
    folders = infer_ab(
        ModelToTime(trained, batch_sizes=(1,)),
        ModelToTime(trained, batch_sizes=(1,), runtime="onnx"),
        pairs=4,
        out=tmp_path / "runs",
        observers=(Order("A", order), Order("B", order)),
    )
    assert order == ["A1", "B1", "B2", "A2", "A3", "B3", "B4", "A4"]
    a, b = (read_run(folder) for folder in folders)
    assert a.record.pairing is not None
    assert b.record.pairing is not None
    assert a.record.pairing.campaign == b.record.pairing.campaign
    assert (a.record.pairing.side, b.record.pairing.side) == ("A", "B")
    assert [trial.seed for trial in a.trials] == [trial.seed for trial in b.trials]
    assert (a.record.status, b.record.status) == ("finished", "finished")


def test_two_models_must_answer_the_same_images(trained: Path, tmp_path: Path) -> None:
    pixels, labels = np.zeros((20, 8, 8, 1), np.uint8), np.arange(20) % 10
    np.savez(tmp_path / "other.npz", x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)
    other = ModelToTime(trained, batch_sizes=(1,), data=str(tmp_path / "other.npz"))
    with pytest.raises(DawnbenchError, match="A and B would answer different images"):
        infer_ab(ModelToTime(trained, batch_sizes=(1,)), other, pairs=1, device="cpu", out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_it_is_public() -> None:
    assert dawnbench.infer is infer
