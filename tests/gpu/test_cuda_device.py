"""The CUDA device: its clock, its number format, its memory, and the sentence where it is not there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import torch

from dawnbench.engine.device import Device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.recipes import Recipe

pytestmark = pytest.mark.gpu


def test_the_ledger_by_events_agrees_with_the_wall(
    make_prepared: Callable[[Recipe], Prepared], narrow: Callable[..., Recipe], device: Device
) -> None:
    prepared = make_prepared(narrow("davidnet", epochs=20))
    warm_up(prepared)
    device.synchronize()
    ledger = Ledger(device)
    Trial(prepared, 0, ledger).run()
    device.synchronize()
    wall = (time.perf_counter_ns() - ledger.started_wall_ns) / 1e9
    assert ledger.device_seconds() == pytest.approx(wall, rel=0.02)
    # Nothing of weight happens between the segments.
    assert sum(segment.length_ns for segment in ledger.segments()) / 1e9 == pytest.approx(wall, rel=0.05)


def test_a_segment_lasts_as_long_as_its_kernels(device: Device) -> None:
    # 50 ms at 2 GHz, queued at once: a host's clock would see next to nothing of it.
    ledger = Ledger(device)
    with ledger.segment("train", 1):
        torch.cuda._sleep(100_000_000)
    assert ledger.segments()[0].length_ns > 10_000_000


def test_bf16_is_preferred_from_ampere_on(device: Device) -> None:
    ampere = torch.cuda.get_device_capability() >= (8, 0)
    assert device.preferred_precision() == ("bf16" if ampere else "fp16")


def test_the_peak_of_memory_is_counted_anew(device: Device) -> None:
    device.reset_peak_memory()
    before = device.peak_memory_bytes()
    block = torch.empty(64 << 20, dtype=torch.uint8, device=device.torch)
    after = device.peak_memory_bytes()
    del block
    device.reset_peak_memory()
    again = device.peak_memory_bytes()
    assert before is not None
    assert after is not None
    assert again is not None
    assert after - before >= 64 << 20
    assert again < after


def test_a_device_that_is_not_there_is_a_sentence() -> None:
    command = [sys.executable, "-m", "dawnbench", "run", "quickstart", "--device", "cuda:99"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("dawnbench: device cuda:99 is not available")
    assert "Traceback" not in done.stderr
