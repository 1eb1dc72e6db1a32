"""What the official repository's submission tests and its README ask of an inference entry, in our words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.export.dawnbench_entry import Submitter
from dawnbench.export.inference_entry import inference_entry
from dawnbench.records.published import read_published
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import DataRecord
from tests.records.examples import RUN
from tests.records.full_runs import full_run
from tests.records.inference_runs import inference_pass, inference_run, passes, settings

ADA = Submitter("Ada Lovelace", "ada@example.org")
BROKEN = inference_pass(1, status="interrupted", inference=None, seconds={})


def opened(folder: Path, *arguments: Any, **changes: Any) -> Run:
    return read_run(inference_run(folder / "run", *arguments, **changes))


def fields(run: Run, submitter: Submitter = ADA, trial: int | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(inference_entry(run, submitter, trial).json)
    return entry


def test_the_json_has_the_official_fields_in_their_units(tmp_path: Path) -> None:
    environment = {"packages": {"torch": "2.15.0", "onnxruntime": "1.30.0"}, "python": "3.11.7"}
    submitter = replace(ADA, code_url="https://example.org/code", cost_per_hour=3.6)
    entry = fields(opened(tmp_path, passes(0.002, 1), environment=environment), submitter)
    misc = entry.pop("misc")
    assert entry == {
        "version": "v1.0",
        "author": "Ada Lovelace",
        "authorEmail": "ada@example.org",
        "framework": "PyTorch 2.15.0",
        "codeURL": "https://example.org/code",
        "model": "davidnet",
        "hardware": "AMD EPYC",
        "latency": pytest.approx(2.0),
        "cost": pytest.approx(2e-6),
        "top1Accuracy": pytest.approx(94.32, abs=1e-9),
        "timestamp": "2026-02-03",
    }
    assert (misc["batchSize"], misc["runtime"], misc["images"]) == (1, "torch", 10_000)
    assert misc["p99Milliseconds"] == pytest.approx(3.8)
    assert misc["modelDigest"] == "ef" * 32


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_it_passes_what_the_official_tests_check(tmp_path: Path, runtime: Any) -> None:
    entry = fields(opened(tmp_path, passes(accuracy=0.94), runtime=runtime))
    required = {"version", "author", "authorEmail", "framework", "model", "hardware", "timestamp", "latency"}
    assert required <= entry.keys()
    assert datetime.strptime(entry["timestamp"], "%Y-%m-%d").date() == date(2026, 2, 3)
    assert entry["version"] == "v1.0"
    assert entry["top1Accuracy"] >= 94.0


def test_what_is_optional_and_not_given_is_left_out(tmp_path: Path) -> None:
    assert not {"codeURL", "cost", "costPerHour"} & fields(opened(tmp_path)).keys()


def test_onnxruntime_is_named_as_the_framework(tmp_path: Path) -> None:
    environment = {"packages": {"torch": "2.15.0", "onnxruntime": "1.30.0"}}
    run = opened(tmp_path, runtime="onnx", environment=environment)
    assert fields(run)["framework"] == "onnxruntime 1.30.0"
    assert inference_entry(run, ADA).name == "ada-lovelace_davidnet_amd-epyc_onnxruntime"
    assert inference_entry(run, ADA).tsv is None


def test_the_median_pass_stands_for_the_run_unless_one_is_named(tmp_path: Path) -> None:
    run = opened(tmp_path, [inference_pass(1, 0.003), inference_pass(2, 0.001), inference_pass(3, 0.002)])
    assert (fields(run)["latency"], fields(run)["misc"]["trial"]) == (pytest.approx(2), 3)
    assert fields(run, trial=2)["latency"] == pytest.approx(1)


def test_no_folder_of_the_person_gets_into_the_file(tmp_path: Path) -> None:
    assert "/home" not in inference_entry(opened(tmp_path), ADA).json


@pytest.mark.parametrize(
    ("trials", "changes", "trial", "says"),
    [
        (passes(accuracy=0.9399), {}, None, "is right on 93.99 % of the test images and DAWNBench asks for"),
        (
            passes(images=360),
            {"data": DataRecord("digits", "ab", 1437, 360, (8, 8, 1), 10)},
            None,
            "answered images of digits, and DAWNBench takes CIFAR-10 only",
        ),
        (passes(), {"data": replace(RUN.data, source="synthetic")}, None, "answered images of synthetic"),
        (passes(), {}, 11, "has no trial 11; it has 10"),
        ([BROKEN], {}, None, "no finished trial"),
        ([BROKEN], {}, 1, "pass 1 of .* ended early and has no latency"),
    ],
)
def test_what_the_officials_would_refuse_is_refused_here(
    tmp_path: Path, trials: Any, changes: dict[str, Any], trial: int | None, says: str
) -> None:
    with pytest.raises(DawnbenchError, match=says):
        inference_entry(opened(tmp_path, trials, **changes), ADA, trial)


def test_a_training_run_has_no_inference_entry(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="is a training run; time its model by `dawnbench infer`"):
        inference_entry(read_run(full_run(tmp_path / "run")), ADA)


OFFICIAL = [f for f in read_published() if f.rule == "inference" and f.target == 0.94]


@pytest.mark.parametrize("figure", OFFICIAL, ids=lambda figure: f"{figure.team} {figure.system}")
def test_the_figures_of_an_accepted_entry_survive(tmp_path: Path, figure: Any) -> None:
    run = opened(tmp_path, [inference_pass(1, figure.seconds, accuracy=figure.accuracy)])
    entry = fields(run)
    assert entry["latency"] == pytest.approx(1000 * figure.seconds)
    assert entry["top1Accuracy"] == pytest.approx(100 * figure.accuracy, abs=0.006)


def test_settings_say_whether_torch_compiled_the_model(tmp_path: Path) -> None:
    assert fields(opened(tmp_path, inference=settings(compile=True)))["misc"]["compiled"] is True
