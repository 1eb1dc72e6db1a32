from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dawnbench.records.prices import Prices
from dawnbench.records.reader import Run, read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.text.passes import model_fact, passes_table
from dawnbench.stats.spending import spending
from tests.records.inference_runs import inference_pass, inference_run, settings

BROKEN = replace(
    inference_pass(2, status="interrupted", reason="Ctrl-C", inference=None, seconds={}), accuracy=None
)


def opened(folder: Path, *passes: object) -> Run:
    return read_run(inference_run(folder / "run", list(passes)))  # type: ignore[arg-type]


def test_a_row_has_the_latencies_accuracy_energy_and_throughput(tmp_path: Path) -> None:
    header, _, row = passes_table(opened(tmp_path, inference_pass())).splitlines()
    names = [cell.strip() for cell in header.strip("|").split("|")]
    assert names == [
        *("Pass", "Latency", "Median", "90th percentile", "99th percentile", "Longest", "Accuracy"),
        *("Energy of an image", "Images/s at batch 1", "Images/s at batch 64"),
    ]
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        *("1", "1.000 ms", "0.9500 ms", "1.200 ms", "1.900 ms", "12.00 ms", "94.32 %"),
        *("40.00 mJ", "1000", "9000"),
    ]


def test_with_a_price_a_million_images_have_a_cost(tmp_path: Path) -> None:
    run = opened(tmp_path, inference_pass(latency=0.0036))
    priced = spending(trial_set_of(run), "inference", Prices(cost_per_hour=2.0))
    assert "| Cost per million images |" in passes_table(run, priced)
    assert "$2.00" in passes_table(run, priced)


def test_without_a_counter_energy_has_no_column_and_one_pass_without_has_a_reason(
    tmp_path: Path,
) -> None:
    assert "Energy" not in passes_table(opened(tmp_path / "none", inference_pass(joules=None)))
    both = passes_table(opened(tmp_path / "one", inference_pass(), inference_pass(2, joules=None)))
    assert "- Energy of an image is unknown: this device has no energy counter that can be read." in both


def test_a_pass_that_ended_early_has_dashes_and_a_sentence(tmp_path: Path) -> None:
    text = passes_table(opened(tmp_path, inference_pass(), BROKEN))
    assert text.splitlines()[3].replace(" ", "") == "|2|-|-|-|-|-|-|-|-|-|"
    assert "- Pass 2 has no figures: Ctrl-C." in text


def test_the_model_is_named_without_its_folder() -> None:
    said = model_fact(settings(compile=True))
    assert said == (
        "model.safetensors of 20260203T040506Z-davidnet-abcdef, SHA-256 efefefefefefefef, by torch, compiled"
    )
    elsewhere = replace(settings("onnx"), trained_run=None, model="C:\\models\\a.safetensors")
    assert model_fact(elsewhere) == "a.safetensors, SHA-256 efefefefefefefef, by onnxruntime"
