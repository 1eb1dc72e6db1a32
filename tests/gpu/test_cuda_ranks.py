"""Ranks over NCCL: steps are still captured, and the numbers are those of a lone process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from dawnbench.data.dataset import Dataset
from dawnbench.engine.device import Device
from dawnbench.engine.distributed import SINGLE, ProcessRanks, Ranks
from dawnbench.engine.launched import Launched
from dawnbench.engine.prepare import prepare
from dawnbench.engine.warm_up import warm_up
from dawnbench.recipes import Recipe
from dawnbench.records.reader import read_run
from tests.engine.fakes import results_of

pytestmark = pytest.mark.gpu
ROOT = Path(__file__).parents[2]


@pytest.fixture
def nccl(device: Device) -> Iterator[Ranks]:
    """One rank of one, which does everything that one of several does."""
    dist.init_process_group("cpu:gloo,cuda:nccl", store=dist.HashStore(), rank=0, world_size=1)
    ranks = ProcessRanks(Launched())
    yield ranks
    ranks.close()


@pytest.mark.parametrize("name", ["davidnet", "speedrun"])
@pytest.mark.parametrize("reduction", ["fp32", "bf16"])
def test_a_rank_over_nccl_captures_its_steps_and_has_the_losses_of_a_lone_process(
    name: str, reduction: str, nccl: Ranks, narrow: Callable[..., Recipe], images: Dataset, device: Device
) -> None:
    recipe = narrow(name, epochs=2, augmentation=(), gradient_reduction=reduction)
    found = []
    for ranks in (SINGLE, nccl):
        prepared = prepare(recipe, images, device, ranks)
        warm_up(prepared)
        assert prepared.notes == []
        found.append(results_of(prepared))
    tolerance = 1e-3 if reduction == "fp32" else 0.1
    for alone, together in zip(*found, strict=True):
        assert together.train_loss == pytest.approx(alone.train_loss, rel=tolerance)
        assert together.validation_loss == pytest.approx(alone.validation_loss, rel=10 * tolerance)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_two_gpus_record_one_run_with_the_energy_of_both(tmp_path: Path) -> None:
    arguments = ["run", "davidnet", "--gpus=2", "--data=synthetic", "--trials=1", "--epochs=1"]
    subprocess.run(
        [sys.executable, "-m", "dawnbench", *arguments, "--set=compile=false"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=280,
    )
    (folder,) = (tmp_path / "runs").iterdir()
    run = read_run(folder)
    assert (run.record.devices, run.record.nodes, run.record.notes) == (2, 1, ())
    (trial,) = run.trials
    assert trial.telemetry is not None
    assert set(trial.telemetry.gpu_energy) == {"0", "1"}
    assert trial.telemetry.energy_joules == pytest.approx(sum(trial.telemetry.gpu_energy.values()), rel=0.05)
    assert {"gpu0_power", "gpu1_power"} <= set(trial.telemetry.readings)
