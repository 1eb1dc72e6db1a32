"""What a command costs, and what the GPU check makes of records: figures, and the page with the goals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu.figures import of_run, page
from benchmarks.processes import measure
from dawnbench.telemetry import environment

RUN = Path(__file__).parents[2] / "docs" / "results" / "davidnet-10-cpu"


def test_a_command_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "run")
    cost = measure(["log", str(tmp_path / "run")], tmp_path)
    assert cost.status == 0
    assert 0 < cost.processor_seconds < 30
    assert 10 < cost.megabytes < 300
    assert "log.md" in (tmp_path / "printed").read_text()


def test_a_run_gives_times_accuracy_and_segments(tmp_path: Path) -> None:
    assert of_run(tmp_path) == {}
    shutil.copytree(RUN, tmp_path / "run")
    found = of_run(tmp_path)
    assert found["trials"] == "1 of 1"
    assert found["strict"]["median"] == pytest.approx(2871.7, abs=0.1)
    assert found["accuracy"] == pytest.approx(0.9395)
    assert "dawnbench" not in found  # the target was not reached
    assert found["segments"]["train"] + found["beside_training"] == pytest.approx(2871.7, abs=0.1)
    assert found["start_to_epoch_1"] > 0
    json.dumps(found)
    for name in ("trials.jsonl", "epochs.jsonl"):
        (tmp_path / "run" / name).write_text("")
    assert "strict" not in of_run(tmp_path)


def found(**parts: Any) -> dict[str, Any]:
    facts = environment(None) | {"device": "NVIDIA H200"}
    head = {"facts": facts, "dry_run": False, "begun": "now", "budget_seconds": 520.0, "fills": {}}
    named = {name.replace("_", "-"): {"recipe": None, "state": "done"} | part for name, part in parts.items()}
    return head | {"parts": named}


def test_each_goal_stands_beside_its_figure() -> None:
    speedrun = {"recipe": "speedrun", "strict": {"median": 0.7}, "accuracy": 0.9398, "beside_training": 0.027}
    davidnet = {"flop_rate": 2e14, "strict": {"median": 13.0}}
    told = found(speedrun=speedrun, davidnet=davidnet, profile_davidnet={"peaks": {"bf16": 8e14}})
    told["fills"]["speedrun"] = {"state": "done", "seconds": 1, "start_to_epoch_1": 41.5}
    told["cache_was_empty"] = True
    text = page(told)
    for row in (
        "| speedrun, strict, median | 0.75 s | 0.700 s | met |",
        "| speedrun, mean accuracy | 94.0 % | 93.98% | missed |",
        "| speedrun, strict but training | 0.03 s | 0.0270 s | met |",
        "| davidnet, of the bf16 peak | 60 % | 25.0% | missed |",
        "| speedrun, start to epoch 1, cold | 30 s | 41.5 s | missed |",
    ):
        assert row in text
    told["cache_was_empty"] = False
    assert "| speedrun, start to epoch 1, cold | 30 s | not measured | |" in page(told)


def test_it_fits_a_hundred_lines_of_eighty_columns() -> None:
    parts = {f"part_{n}": {"state": "failed", "said": ["w" * 200] * 8} for n in range(20)}
    lines = page(found(**parts)).splitlines()
    assert len(lines) == 100
    assert max(map(len, lines)) == 80
    assert "gpu-check.json has all of it" in lines[-1]
