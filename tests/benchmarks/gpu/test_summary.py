from __future__ import annotations

from typing import Any

import pytest

from benchmarks.gpu.summary import AIMS, summarise

SEGMENTS = {"to_device": 0.004, "reset": 0.001, "init": 0.002, "train": 0.6, "final_evaluate": 0.02}


def described(value: float) -> dict[str, float]:
    return dict.fromkeys(("mean", "median", "most"), value) | {"count": 20}


def run(strict: float, accuracy: float) -> dict[str, Any]:
    return {
        "state": "done",
        "recipe": "a",
        "seconds": 30.0,
        "trials_asked": 20,
        "summary": {
            "strict": described(strict),
            "dawnbench": None,
            "accuracy": described(accuracy),
            "epoch_spread": described(1.01),
            "flop_rate": described(2e14),
        },
        "segments": {name: described(seconds) for name, seconds in SEGMENTS.items()},
        "set_up": {"startup": 5.0},
        "start_to_epoch_1": 9.0,
    }


def found(**parts: Any) -> dict[str, Any]:
    names = ("gpu", "torch", "driver", "Python", "CPU", "commit", "data", "fingerprint")
    return {
        "facts": dict.fromkeys(names, "known " * 20),
        "dry_run": False,
        "begun": "2026-11-27T12:00:00Z",
        "budget_seconds": 240.0,
        "fills": {},
        "parts": {name.replace("_", "-"): figures for name, figures in parts.items()},
    }


def row(lines: list[str], what: str) -> str:
    return next(line for line in lines if line.startswith(f"| {what} |"))


def test_each_aim_stands_beside_its_figure() -> None:
    profile = {"state": "done", "recipe": "davidnet", "peaks": {"bf16": 8e14}}
    told = found(speedrun=run(0.7, 0.9398), davidnet=run(13.0, 0.94), profile_davidnet=profile)
    told["fills"]["speedrun"] = {"state": "done", "start_to_warm": 41.5, "cache_was_empty": True}
    lines = summarise(told)
    assert row(lines, "speedrun, strict, median") == "| speedrun, strict, median | 0.75 s | 0.700 s | met |"
    assert "| 0.55 s | 0.700 s | missed |" in row(lines, "speedrun, strict, median, later")
    assert "| 94.0 % | 93.98% | missed |" in row(lines, "speedrun, mean accuracy")
    assert "| 0.03 s | 0.0270 s | met |" in row(lines, "speedrun, strict but training")
    assert "| 6.5 s | 13.000 s | missed |" in row(lines, "davidnet, strict, median")
    assert "| 60 % | 25.0% | missed |" in row(lines, "davidnet, of the bf16 peak")
    assert "| 30 s | 41.5 s | missed |" in row(lines, "speedrun, start to epoch 1, cold")
    assert "| 10 s | 9.0 s | met |" in row(lines, "speedrun, start to epoch 1, warm")


def test_a_dry_run_meets_and_misses_nothing() -> None:
    lines = summarise(found(speedrun=run(0.7, 0.9398)) | {"dry_run": True})
    assert row(lines, "speedrun, strict, median").endswith("| 0.700 s | dry run |")
    assert not any(line.endswith(("| met |", "| missed |")) for line in lines)


def test_what_was_not_measured_is_told_so() -> None:
    lines = summarise(found())
    assert sum("| not measured |" in line for line in lines) == len(AIMS)
    assert "None." in lines


def test_a_cache_that_was_filled_before_gives_no_cold_start() -> None:
    told = found()
    told["fills"]["speedrun"] = {"state": "done", "start_to_warm": 8.0, "cache_was_empty": False}
    assert "not measured" in row(summarise(told), "speedrun, start to epoch 1, cold")


@pytest.mark.parametrize("failing", [0, 60])
def test_it_fits_a_hundred_lines_of_eighty_columns(failing: int) -> None:
    kernels = [{"name": "kernel " * 30, "seconds": 0.001, "reached": None}] * 15
    step = {"step_seconds": 0.01, "best_seconds": 0.004, "share_of_peak": 0.2, "kernels": kernels}
    profile = {"state": "done", "recipe": "davidnet"} | step
    parts: dict[str, Any] = {
        f"part_{n}": {"state": "failed", "recipe": None, "last_lines": ["w" * 200] * 5}
        for n in range(failing)
    }
    tests: dict[str, Any] = {"state": "failed", "recipe": None, "counts": {"failed": 30}}
    tests |= {"failed": {f"tests/a.py::test_{number}": "E" * 200 for number in range(30)}}
    lines = summarise(found(profile_davidnet=profile, gpu_tests=tests, **parts))
    assert len(lines) <= 100
    assert max(map(len, lines)) == 80
    assert any("gpu-check.json has all of it" in line for line in lines) == bool(failing)
    assert "## Aims" in lines
