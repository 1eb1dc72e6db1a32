from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dawnbench.export.json_schema import schemas
from dawnbench.export.run_json import run_json
from dawnbench.records.reader import read_run
from tests.export.json_schemas import PUBLISHED, faults, published
from tests.records.full_runs import full_run

REAL = Path(__file__).parents[2] / "docs" / "results" / "davidnet-10-cpu"


def test_what_is_published_is_what_the_code_gives() -> None:
    pytest.importorskip("pydantic", "2.13", reason="an older pydantic puts the same schema in other words")
    found = {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.glob("*.json")}
    assert found == schemas(), "run `python -m dawnbench.export.json_schema docs/schema`"


def fields(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an object and of all that it holds, by their names."""
    definitions = schema.get("$defs", {}).items()
    inner = {f"{name}.{key}": field for name, one in definitions for key, field in one["properties"].items()}
    return inner | schema["properties"]


def test_fields_say_what_the_records_say_of_them() -> None:
    schema = fields(published("run-v1.json"))
    assert schema["Segment.epoch"]["description"] == "Counted from 1; null outside the epochs."
    assert schema["TrialRecord.accuracy"]["description"].startswith(
        "Validation accuracy after the last epoch"
    )
    assert schema["telemetry"]["description"] == "Of the trials during which there were samples."
    assert fields(published("folder-run-v1.json"))["created"]["description"] == "UTC, ISO 8601."


@pytest.mark.parametrize("hertz", [20.0, 0.0])
def test_a_document_fits_the_published_schema(tmp_path: Path, hertz: float) -> None:
    run = read_run(full_run(tmp_path / "run", trials=2, epochs=3, hertz=hertz))
    assert faults(json.loads("".join(run_json(run))), published("run-v1.json")) == []


def test_the_document_of_a_real_run_fits_it() -> None:
    assert faults(json.loads("".join(run_json(read_run(REAL)))), published("run-v1.json")) == []


@pytest.mark.parametrize(
    ("file", "schema"), [("trials.jsonl", "folder-trial-v1.json"), ("epochs.jsonl", "folder-epoch-v1.json")]
)
def test_the_lines_of_a_run_folder_fit_theirs(tmp_path: Path, file: str, schema: str) -> None:
    for folder in (full_run(tmp_path / "run", trials=2, epochs=3), REAL):
        for line in (folder / file).read_text().splitlines():
            assert faults(json.loads(line), published(schema)) == []


def test_run_json_of_a_run_folder_fits_its_schema(tmp_path: Path) -> None:
    for folder in (full_run(tmp_path / "run"), REAL):
        assert faults(json.loads((folder / "run.json").read_text()), published("folder-run-v1.json")) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "dawnbench baseline"),
        (("run", "target"), "94%"),
        (("run", "data", "image_shape"), [32, 32]),
        (("trials", 0, "status"), "gave up"),
        (("trials", 0, "segments", 0, "length_ns"), 1.5),
        (("epochs", 0, "train_correct"), None),
        (("telemetry", 0, "values", "gpu_power"), ["hot"]),
    ],
)
def test_what_no_run_writes_does_not_fit(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    document = json.loads("".join(run_json(read_run(full_run(tmp_path / "run", trials=1, epochs=2)))))
    *to, last = path
    inner = document
    for step in to:
        inner = inner[step]
    inner[last] = value
    (fault, *_) = faults(document, published("run-v1.json"))
    assert str(value) in fault or "shorter" in fault or "hot" in fault
