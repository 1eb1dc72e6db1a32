from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu.figures import of_json, of_peers, of_profile, of_run, of_suite
from tests.records.examples import TRIAL
from tests.records.folders import make_run

RUN = Path(__file__).parents[3] / "docs" / "results" / "davidnet-10-cpu"
LOG = """\
collecting ... collected 4 items
tests/gpu/test_a.py::test_one PASSED                                     [ 25%]
tests/gpu/test_a.py::test_two[a - b] FAILED                              [ 50%]
tests/gpu/test_a.py::test_three SKIPPED (no such GPU)                    [ 75%]
tests/gpu/test_b.py::test_four ERROR                                     [100%]
=========================== short test summary info ============================
FAILED tests/gpu/test_a.py::test_two[a - b] - RuntimeError: Offset increment outside graph capture
"""


def test_tests_are_counted_and_the_failed_ones_say_why(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LOG)
    assert of_suite(tmp_path / "log") == {
        "counts": {"passed": 1, "failed": 1, "skipped": 1, "error": 1},
        "failed": {
            "tests/gpu/test_a.py::test_two[a - b]": "RuntimeError: Offset increment outside graph capture",
            "tests/gpu/test_b.py::test_four": "no reason was printed",
        },
    }


def test_tests_that_were_cut_short_are_counted_up_to_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(LOG.splitlines(keepends=True)[:3]))
    assert of_suite(tmp_path / "log")["counts"] == {"passed": 1, "failed": 1}


def test_a_run_gives_times_accuracy_and_segments(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "run")
    found = of_run(tmp_path)
    assert found["trials_asked"] == len(found["trials"]) == 1
    assert found["summary"]["strict"]["median"] == pytest.approx(2871.7, abs=0.1)
    assert found["summary"]["accuracy"]["mean"] == pytest.approx(0.9395)
    assert found["summary"]["dawnbench"] is None  # the target was not reached
    assert found["summary"]["epoch_spread"]["most"] == pytest.approx(293 / 269, rel=0.01)
    counted = ("to_device", "reset", "init", "train", "final_evaluate")
    assert sum(found["segments"][name]["median"] for name in counted) == pytest.approx(2871.7, abs=0.1)
    assert "compile" in found["set_up"]
    assert found["start_to_epoch_1"] >= sum(found["set_up"].values())
    json.dumps(found)


def test_a_run_that_has_not_begun_gives_nothing(tmp_path: Path) -> None:
    assert of_run(tmp_path) == {}


def test_a_run_without_an_ended_trial_gives_no_times(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "run")
    for name in ("trials.jsonl", "epochs.jsonl"):
        (tmp_path / "run" / name).write_text("")
    found = of_run(tmp_path)
    assert found["trials"] == []
    assert found["summary"]["strict"] is None


def profile(precision: str = "bf16") -> dict[str, Any]:
    row = {"shapes": [], "calls": 1.0, "bound": "compute", "reached": 0.5}
    rates = {"bf16": 400e12, "fp32": 50e12}
    return {
        "precision": precision,
        "batch_size": 512,
        "step_seconds": 0.01,
        "profiled_seconds": 0.02,
        "rows": [
            row | {"name": f"kernel {number}", "seconds": 0.0005, "flops": 1e11 if number < 10 else None}
            for number in range(20)
        ],
        "peaks": {
            "products": [{"work": work, "rate": rate} for work, rate in rates.items()],
            "memory": {"rate": 4e12},
            "cache": {"rate": 5e12},
        },
        "gap": {"best_seconds": 0.004, "between": 0.1, "families": []},
    }


@pytest.mark.parametrize(("precision", "share"), [("bf16", 0.25), ("fp32", 2.0)])
def test_a_profile_gives_the_share_of_the_peak_of_its_precision(
    precision: str, share: float, tmp_path: Path
) -> None:
    (tmp_path / "profile.json").write_text(json.dumps(profile(precision)))
    found = of_profile(tmp_path / "profile.json")
    assert found["flop_rate"] == pytest.approx(1e14)
    assert found["share_of_peak"] == pytest.approx(share)
    assert [kernel["name"] for kernel in found["kernels"]] == [f"kernel {number}" for number in range(15)]


def test_what_is_not_there_yet_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("W0101 a warning\n")
    assert of_profile(tmp_path / "none") == {}
    assert of_peers(tmp_path / "none") == {"sides": {}}
    assert of_json(tmp_path / "log") == {}


def test_peers_are_told_by_side(tmp_path: Path) -> None:
    for side, number, seconds in (("speedrun", 1, 1.0), ("peer", 1, 2.0), ("speedrun", 2, 1.5)):
        timed = replace(TRIAL, seconds={"strict": seconds})
        make_run(tmp_path / f"{side}-{number}", [timed], recipe_name=side)
    lost = replace(TRIAL, status="diverged", seconds={"strict": None})
    make_run(tmp_path / "speedrun-3", [lost], recipe_name="speedrun")
    sides = of_peers(tmp_path)["sides"]
    assert sides["speedrun"]["strict"]["median"] == 1.25
    assert sides["speedrun"]["strict"]["count"] == 2
    assert sides["peer"]["strict"]["count"] == 1
