from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dawnbench.campaigns import scaling_runs
from dawnbench.cli import main
from dawnbench.stats.scaling_laws import ScalePoint, Setting
from tests.export.json_schemas import faults, published


@pytest.mark.slow
def test_a_study_is_measured_shown_and_written(
    warm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", warm)
    monkeypatch.chdir(tmp_path)
    arguments = ["--batch", "64,128", "--device", "cpu", "--out", "study", "--tag", "host=a"]
    done = CliRunner().invoke(main, ["scale", "tiny.py", *arguments])
    assert done.exit_code == 0, done.stderr
    assert "1 of 2: batch 64" in done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.strip().endswith("MB")]
    assert [row[0] for row in rows] == ["64", "128"]
    assert "batch: an epoch takes" in done.stdout
    assert "accuracy: not shown, since one seed per point" in done.stdout
    study = tmp_path / "study"
    assert {p.name for p in study.iterdir()} == {
        "runs",
        "scaling.json",
        "scaling.md",
        "scaling.png",
        "scaling.svg",
    }
    points = json.loads((study / "scaling.json").read_text())["points"]
    assert all(point["predicted_memory_bytes"] > 0 for point in points)
    recorded = [json.loads((tmp_path / p["folder"] / "run.json").read_text()) for p in points]
    assert [record["recipe"]["batch_size"] for record in recorded] == [64, 128]
    assert [record["recipe"]["epochs"] for record in recorded] == [1, 1]
    assert [record["tags"] for record in recorded] == [{"host": "a"}] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --batch, --width or --threads"),
        (["--batch", "64,x"], "'64,x' is not a list of whole numbers above 0"),
        (["--batch", "0"], "'0' is not a list of whole numbers above 0"),
        (["--width", "inf"], "'inf' is not a list of numbers above 0"),
        (["--width", "0.001"], "take a larger one"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_runs(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    out = tmp_path / "study"
    result = CliRunner().invoke(main, ["scale", "quickstart", "--out", str(out), *arguments])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert not out.exists()


def test_a_study_in_which_nothing_ran_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaling_runs, "measure", lambda at, _arguments: ScalePoint(at, None, "needs 900 GB"))
    out = tmp_path / "study"
    result = CliRunner().invoke(main, ["scale", "quickstart", "--batch", "4096", "--out", str(out)])
    assert result.exit_code == 2
    assert "needs 900 GB" in result.stderr
    assert "no law from 0 points" in result.stdout
    assert json.loads((out / "scaling.json").read_text())["points"][0]["trouble"] == "needs 900 GB"


def test_json_is_one_document_alone_on_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(at: Setting, arguments: list[str]) -> ScalePoint:
        if at.batch == 4096:
            return ScalePoint(at, None, "needs 900 GB")
        return ScalePoint(at, "a", None, epoch_seconds=2.0, images_per_second=700.0, accuracy=0.5)

    monkeypatch.setattr(scaling_runs, "measure", measure)
    monkeypatch.setattr(scaling_runs, "_device", lambda _points: ("AMD EPYC", True))
    arguments = ["scale", "quickstart", "--batch", "64,4096", "--json", "--out", str(tmp_path / "study")]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert faults(document, published("scale-v1.json")) == []
    assert [point["setting"]["batch"] for point in document["points"]] == [64, 4096]
    assert "needs 900 GB" in done.stderr
    assert done.stdout == (tmp_path / "study" / "scaling.json").read_text()


def test_an_interrupted_study_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(at: Setting, arguments: list[str]) -> ScalePoint:
        if at.batch == 128:
            raise KeyboardInterrupt
        return ScalePoint(at, None, None, epoch_seconds=2.0, images_per_second=700.0)

    monkeypatch.setattr(scaling_runs, "measure", measure)
    out = tmp_path / "study"
    arguments = ["scale", "quickstart", "--batch", "64,128,256", "--out", str(out)]
    assert CliRunner().invoke(main, arguments).exit_code == 130
    assert len(json.loads((out / "scaling.json").read_text())["points"]) == 1
