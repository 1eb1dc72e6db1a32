from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from dawnbench.export.run_json import RunDocument, run_json
from dawnbench.records.reader import Run, read_run
from dawnbench.records.samples import read_samples
from tests.cli.made_runs import HOSTILE, steers
from tests.records.folders import make_run
from tests.records.full_runs import full_run


def text_of(run: Run) -> str:
    return "".join(run_json(run))


def test_the_document_holds_the_run_whole(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a-run", trials=3, epochs=4))
    document = TypeAdapter(RunDocument).validate_json(text_of(run))
    assert (document.kind, document.schema_version, document.name) == ("dawnbench run", 1, "a-run")
    assert document.run == run.record
    assert document.trials == run.trials
    assert document.epochs == run.epochs
    assert document.warnings == ()


def test_telemetry_is_that_of_each_trial_on_its_own_clock(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a-run", trials=2, epochs=2))
    document = TypeAdapter(RunDocument).validate_json(text_of(run))
    samples = read_samples(run.folder)
    assert samples is not None
    assert [seen.trial for seen in document.telemetry] == [1, 2]
    for seen in document.telemetry:
        assert seen.t_ns[:2] == (0, 50_000_000)
        assert {len(column) for column in (*seen.values.values(), seen.throttle)} == {len(seen.t_ns)}
    first, second = document.telemetry
    assert first.values["gpu_power"] + second.values["gpu_power"] == tuple(samples.values["gpu_power"])
    assert first.values["gpu_utilization"][:2] == (None, 97)
    assert (first.throttle[0], first.throttle[-1]) == ((), ("sw_thermal_slowdown",))


def test_a_run_without_telemetry_has_an_empty_list(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "a-run", trials=1, hertz=0))
    assert json.loads(text_of(run))["telemetry"] == []


def test_torn_lines_are_told(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a-run", trials=1)
    for name in ("epochs.jsonl", "telemetry.jsonl"):
        path = folder / name
        path.write_bytes(path.read_bytes()[:-9])
    warnings = json.loads(text_of(read_run(folder)))["warnings"]
    assert [warning.split(":")[0] for warning in warnings] == ["epochs.jsonl", "telemetry.jsonl"]


def test_the_same_run_gives_the_same_bytes_and_steers_no_terminal(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a-run", recipe_name=HOSTILE)
    text = text_of(read_run(folder))
    assert text == text_of(read_run(folder))
    assert json.loads(text)["run"]["recipe_name"] == HOSTILE
    assert not steers(text)


@pytest.mark.parametrize("changes", [{}, {"hertz": 0}, {"trials": 0, "epochs": 1}])
def test_its_parts_are_laid_out_as_one_document(tmp_path: Path, changes: dict[str, Any]) -> None:
    text = text_of(read_run(full_run(tmp_path / "a-run", **{"trials": 2, "epochs": 3, **changes})))
    assert text == json.dumps(json.loads(text), indent=2) + "\n"


def test_a_metric_without_a_figure_and_samples_without_a_metric_are_laid_out_as_well(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a-run", trials=1, epochs=1)
    began = read_run(folder).trials[0].began_ns
    for sample in ({"t_ns": began}, {"t_ns": began, 'a "b"': None, "throttle": ["x, y", "z"]}):
        (folder / "telemetry.jsonl").write_text(json.dumps(sample) + "\n")
        text = text_of(read_run(folder))
        assert text == json.dumps(json.loads(text), indent=2) + "\n"
        assert json.loads(text)["telemetry"][0]["throttle"] == [sample.get("throttle", [])]


def test_a_long_run_is_never_whole_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawnbench.records.samples.CHUNK_LINES", 256)
    run = read_run(full_run(tmp_path / "a-run", trials=20, epochs=2, epoch_seconds=40.0))
    for _ in run_json(run):
        break  # what is loaded once is not counted
    tracemalloc.start()
    try:
        length = sum(len(part) for part in run_json(run))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length > 3_000_000
    assert peak < 0.8 * length
