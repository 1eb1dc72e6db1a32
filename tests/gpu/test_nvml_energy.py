"""NVML on a real GPU."""

from __future__ import annotations

import time

import pytest
import torch

from dawnbench.engine.device import Device
from dawnbench.telemetry import Sampler, open_sources
from dawnbench.telemetry.nvml import open_nvml

pytestmark = pytest.mark.gpu


def work(device: Device, seconds: float) -> None:
    factor = torch.randn(2048, 2048, device=device.torch)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        (factor @ factor).sum().item()


def test_the_energy_grows_with_work(device: Device) -> None:
    source = open_nvml(device.uuid)
    try:
        if source.energy_name is None:
            pytest.skip(source.unavailable["gpu_energy"])
        before = source.energy_joules()
        work(device, 1)
        after = source.energy_joules()
    finally:
        source.close()
    assert before is not None
    assert after is not None
    # No GPU that computes takes less than 5 W.
    assert after - before > 5


def test_the_samples_tell_of_the_gpu_that_works(device: Device) -> None:
    samples: list[dict[str, object]] = []
    with Sampler(open_sources(device.uuid), samples.extend) as sampler:
        work(device, 1.5)
    assert sampler.error is None
    assert len(samples) >= 15
    assert any(sample.get("gpu_power") for sample in samples)
    assert any(sample.get("gpu_memory_used") for sample in samples)
