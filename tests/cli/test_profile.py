"""`dawnbench peaks` and `dawnbench profile RECIPE`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dawnbench import profiling
from tests.cli.made_runs import invoke
from tests.records.rooflines import PEAKS

TINY = ("--device", "cpu", "--steps", "1", "--set", "model.widths=[4,4,4,4]", "--set", "batch_size=16")


@pytest.fixture(autouse=True)
def _peaks_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "measure_peaks", lambda device: PEAKS)


def test_peaks_are_shown_and_written_as_json() -> None:
    code, shown, _ = invoke("peaks", "--device", "cpu")
    assert code == 0
    assert "matrix product, bf16  2.00 TFLOP/s" in shown
    found: dict[str, Any] = json.loads(invoke("peaks", "--device", "cpu", "--json")[1])
    assert found["memory"]["rate"] == 1e11


def test_a_profile_is_a_table_the_gap_and_a_file(tmp_path: Path) -> None:
    out, trace = tmp_path / "made" / "profile.json", tmp_path / "trace.json"
    code, shown, errors = invoke("profile", "quickstart", *TINY, "--out", out, "--trace", trace)
    assert (code, errors) == (0, "")
    assert shown.startswith("quickstart on Example 9000 (cpu, ")
    assert "\nconvolution_backward 16x4x" in shown
    assert "If every kernel met its roof" in shown
    rows = json.loads(out.read_text())["rows"]
    assert {"convolution", "_fused_sgd_"} <= {row["name"] for row in rows}
    assert json.loads(trace.read_text())["traceEvents"]


def test_a_profile_as_json_is_nothing_but_json() -> None:
    code, shown, _ = invoke("profile", "quickstart", *TINY, "--json")
    assert code == 0
    assert json.loads(shown)["batch_size"] == 16


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["profile", "quickstar"], "did you mean quickstart?"),
        (["profile", "quickstart", "--device", "cpu", "--steps", "99"], "use --steps up to 10 or"),
        (
            ["profile", "quickstart", "--device", "cpu", "--set", "dataset.image_size=8"],
            "does not accept batches",
        ),
        (["profile", "quickstart", *TINY, "--trace", "/proc/none/trace.json"], "/proc/none"),
    ],
)
def test_wrong_input_is_one_sentence(arguments: list[str], sentence: str) -> None:
    code, _, errors = invoke(*arguments)
    assert code == 2
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert sentence in errors


@pytest.mark.parametrize("verb", ["peaks", "profile"])
def test_help_loads_no_torch(verb: str) -> None:
    code = (
        "import sys; from dawnbench.cli import main\n"
        f"try: main(['{verb}', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
