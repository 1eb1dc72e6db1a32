from __future__ import annotations

import platform
import time

import pytest
import torch

from dawnbench.engine.device.heap import PeakWatch, allocated_bytes, unused_bytes

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps such books")

MEGABYTES = 1_000_000


def test_a_tensor_is_allocated_until_it_is_freed() -> None:
    before = allocated_bytes()
    tensor = torch.ones(50 * MEGABYTES, dtype=torch.uint8)
    during = allocated_bytes()
    del tensor
    after = allocated_bytes()
    assert before is not None
    assert during is not None
    assert after is not None
    assert during - before == pytest.approx(50 * MEGABYTES, abs=MEGABYTES)
    assert after - before == pytest.approx(0, abs=MEGABYTES)


def test_a_peak_that_has_passed_is_remembered() -> None:
    before = allocated_bytes()
    assert before is not None
    watch = PeakWatch()
    tensor = torch.ones(50 * MEGABYTES, dtype=torch.uint8)
    time.sleep(0.05)
    del tensor
    time.sleep(0.05)
    assert watch.stop() - before == pytest.approx(50 * MEGABYTES, abs=MEGABYTES)


def test_a_watch_ends_at_once_and_tells_what_is_there() -> None:
    tensor = torch.ones(50 * MEGABYTES, dtype=torch.uint8)
    began = time.perf_counter()
    most = PeakWatch().stop()
    assert time.perf_counter() - began < 0.5
    assert most >= tensor.nbytes


def test_unused_memory_is_never_negative() -> None:
    unused = unused_bytes()
    assert unused is not None
    assert unused >= 0
