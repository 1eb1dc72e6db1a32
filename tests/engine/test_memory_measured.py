"""The prediction against what real runs took."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dawnbench.records.reader import read_run

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="elsewhere nobody counts the peak")

TRAIN, VALIDATION = 512, 64


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise in CIFAR-10's shape."""
    draws = np.random.default_rng(0)
    splits = {
        f"{what}_{part}": draws.integers(0, most, (count, *shape), dtype=np.uint8)
        for part, count in (("train", TRAIN), ("test", VALIDATION))
        for what, shape, most in (("x", (32, 32, 3), 256), ("y", (), 10))
    }
    path = tmp_path_factory.mktemp("noise") / "noise.npz"
    np.savez(path, **splits)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe_name", "batch_size", "widths", "precision"),
    [
        ("davidnet", 256, (16, 32, 64, 128), "fp32"),
        ("davidnet", 192, (16, 32, 64, 128), "bf16"),
        ("davidnet-10", 256, (16, 32, 64, 128), "fp32"),
    ],
)
def test_a_trial_takes_within_a_tenth_what_was_predicted(
    recipe_name: str,
    batch_size: int,
    widths: tuple[int, ...],
    precision: str,
    data: Path,
    warm: str,
    tmp_path: Path,
) -> None:
    settings = (f"batch_size={batch_size}", f"model.widths={list(widths)}", f"precision={precision}")
    # In a process of its own, as a run is: what another test made torch keep is none of its memory.
    subprocess.run(
        [
            *(warm, "-m", "dawnbench", "run", recipe_name, "--trials", "1", "--epochs", "1"),
            *("--data", data, "--device", "cpu", "--out", tmp_path),
            *(part for setting in settings for part in ("--set", setting)),
        ],
        check=True,
        capture_output=True,
    )
    (folder,) = tmp_path.glob("*/run.json")
    done = read_run(folder.parent)
    (trial,) = done.trials
    assert trial.peak_memory_bytes is not None
    assert done.record.predicted_memory_bytes == pytest.approx(trial.peak_memory_bytes, rel=0.1)
