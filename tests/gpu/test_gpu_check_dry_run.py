"""`make gpu-check` from end to end on the CPU, on settings so small that its figures mean nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import torch

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PARTS = ("gpu-tests", "profile-speedrun", "speedrun", "no-such-recipe")
TESTS = """
import pytest

pytestmark = pytest.mark.gpu


def test_that_passes():
    pass


def test_that_fails():
    assert 1 + 1 == 3, "the sum is wrong"
"""


WITH_PARTS = """
import runpy, sys
sys.executable, *sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""A check whose parts another Python runs."""


class Ended(NamedTuple):
    """What is left of a check."""

    code: int
    said: str
    root: Path
    """Where it ran, and all of its parts."""
    out: Path
    found: Any


def command(*arguments: str) -> list[str]:
    return [sys.executable, "benchmarks/gpu_check.py", *arguments]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def results(folder: Path) -> Any:
    return json.loads((folder / "gpu-check.json").read_text())


@pytest.fixture(scope="module")
def ended(warm: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A check in a folder that was copied without git, whose parts start warm, ended while trials run."""
    root, out = tmp_path_factory.mktemp("copied"), tmp_path_factory.mktemp("out")
    for name in ("benchmarks", "dawnbench"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "tests/gpu").mkdir(parents=True)
    (root / "tests/gpu/test_two.py").write_text(TESTS)
    only = [word for name in PARTS for word in ("--only", name)]
    python, *words = command("--dry-run", "--budget", "10000", "--out", str(out), *only)
    process = subprocess.Popen(
        [python, "-c", WITH_PARTS, warm, *words],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    while not any(file.stat().st_size for file in out.glob("gpu-check-parts/speedrun/*/trials.jsonl")):
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate()
    return Ended(process.returncode, said, root, out, results(out))


def test_a_check_that_is_ended_keeps_what_it_measured(ended: Ended) -> None:
    assert ended.code == 130
    part = ended.found["parts"]["speedrun"]
    assert part["state"] == "interrupted"
    ended_trials, asked = map(int, part["trials"].split(" of "))
    assert 0 < ended_trials < asked == 20
    assert part["strict"]["count"] > 0
    assert part["start_to_epoch_1"] > 0
    assert f"| speedrun, strict, median | 0.75 s | {part['strict']['median']:.3f} s | dry run |" in ended.said


def test_no_process_is_left_over(ended: Ended) -> None:
    assert not [process for process in psutil.process_iter() if _folder(process) == ended.root]


def test_what_fails_is_named_with_its_last_words_and_stops_nothing(ended: Ended) -> None:
    states = {name: part["state"] for name, part in ended.found["parts"].items()}
    assert states == {
        "gpu-tests": "failed",
        "profile-speedrun": "done",
        "speedrun": "interrupted",
        "no-such-recipe": "not measured",
    }
    tests = ended.said.partition("## gpu-tests: failed")[2].partition("##")[0]
    assert "test_that_fails - AssertionError: the sum is wrong" in " ".join(tests.split())
    assert "1 failed, 1 passed" in tests
    filling = ended.said.partition("## filling the cache for no-such-recipe: failed")[2].partition("##")[0]
    assert "there is no recipe 'no-such-recipe'" in filling


def test_the_profile_of_a_step_is_told(ended: Ended) -> None:
    profile = ended.found["parts"]["profile-speedrun"]
    assert profile["step_seconds"] > 0
    assert 0 < profile["best_seconds"] < profile["step_seconds"]
    assert profile["peaks"].keys() >= {"fp32", "bf16"}
    assert min(profile["peaks"].values()) > 0
    assert "## profile-speedrun: done" in ended.said
    # The paragraph is wrapped, at places that depend on its figures.
    assert "If every kernel met its roof" in " ".join(ended.said.split())


def test_the_last_lines_are_the_whole_result(ended: Ended) -> None:
    text = (ended.out / "gpu-check.md").read_text()
    assert ended.said.endswith(text)
    assert len(text.splitlines()) <= 100
    assert max(map(len, text.splitlines())) <= 80
    assert "A dry run" in text
    assert "- commit unknown: no git checkout" in text


def test_no_time_is_told_in_words(tmp_path: Path) -> None:
    done = check("--dry-run", "--budget", "0", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = results(tmp_path)
    order = list(found["parts"])
    assert order[:5] == ["gpu-tests", "speedrun", "davidnet", "profile-speedrun", "profile-davidnet"]
    assert order[5:] == ["davidnet-10", "davidnet-onecycle", "resnet18-step", "resnet18-fast", "mnist-fast"]
    assert {part["state"] for part in found["parts"].values()} == {"not measured"}
    goals = done.stdout.partition("## Goals")[2].partition("## Parts")[0]
    assert goals.count("| not measured |") == 9
    assert not list((tmp_path / "gpu-check-parts").glob("*"))


def _folder(process: psutil.Process) -> Path | None:
    try:
        return Path(process.cwd())
    except psutil.Error:
        return None


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an NVIDIA GPU")
def test_no_gpu_is_a_sentence(tmp_path: Path) -> None:
    done = check("--out", str(tmp_path / "results"))
    assert done.returncode == 2
    assert done.stderr.startswith("gpu-check: finds no NVIDIA GPU")
    assert not (tmp_path / "results").exists()
