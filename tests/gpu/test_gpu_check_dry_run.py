"""`make gpu-check` from end to end on the CPU, on settings so small that its figures mean nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
SECTIONS = (
    "## Environment",
    "## Tests marked gpu",
    "## davidnet, compile=false",
    "## davidnet, compile=true",
    "## davidnet-10, compile=false",
    "## davidnet-10, compile=true",
    "## The harness's own cost",
    "## Time inside kernels, and waiting",
    "## Cost of a telemetry read",
    "## Energy: the counter and the samples",
    "## Peers",
)


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "benchmarks/gpu_check.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_dry_run_writes_every_section(tmp_path: Path) -> None:
    done = check("--dry-run", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "gpu-check-dry-run.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    assert "failed" not in text, text
    assert "skipped:" not in text, text
    assert "A dry run" in text
    assert "give --peer NAME=FILE, or DAWNBENCH_PEERS=" in text
    for run in ("davidnet", "davidnet-compiled", "davidnet-10", "davidnet-10-compiled"):
        assert (tmp_path / f"gpu-check-dry-run-{run}-log.md").read_text().startswith("# davidnet")
    samples = (tmp_path / "gpu-telemetry-sample.jsonl").read_text().splitlines()
    assert 1 <= len(samples) <= 40
    assert all("t_ns" in json.loads(sample) for sample in samples)


def test_no_time_is_told_in_words(tmp_path: Path) -> None:
    done = check("--dry-run", "--budget", "0", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "gpu-check-dry-run.md").read_text().count("skipped:") >= len(SECTIONS) - 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an NVIDIA GPU")
def test_no_gpu_is_a_sentence(tmp_path: Path) -> None:
    done = check("--out", str(tmp_path / "results"))
    assert done.returncode == 2
    assert done.stderr.startswith("gpu-check: torch")
    assert "finds no NVIDIA GPU" in done.stderr
    assert not (tmp_path / "results").exists()
