from __future__ import annotations

import platform
import time

import pytest
import torch

from dawnbench.engine.device import open_device

CPU = open_device("cpu")


def test_the_time_between_two_marks_is_that_of_the_hosts_clock() -> None:
    outer = time.perf_counter_ns()
    start = CPU.mark()
    time.sleep(0.01)
    end = CPU.mark()
    assert 10_000_000 <= CPU.elapsed_ns(start, end) <= time.perf_counter_ns() - outer


def test_a_generator_repeats_its_draws() -> None:
    first, again, other = (torch.rand(5, generator=CPU.generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_default_generators_state_can_be_kept_and_gone_on_from() -> None:
    torch.manual_seed(5)
    torch.rand(3)
    state = CPU.random_state()
    drawn = torch.rand(5)
    CPU.set_random_state(state)
    assert torch.equal(torch.rand(5), drawn)


def test_the_preferred_precision_is_one_that_it_can_run_in() -> None:
    assert CPU.preferred_precision() in ("fp32", "bf16")


def test_its_free_memory_is_known() -> None:
    free = CPU.free_memory_bytes()
    assert free is not None
    assert free > 1_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps such books")
def test_its_peak_is_what_was_allocated_since_it_was_opened_and_the_reset() -> None:
    device = open_device("cpu")
    forgotten = torch.ones(80_000_000, dtype=torch.uint8)
    del forgotten
    kept = torch.ones(10_000_000, dtype=torch.uint8)
    device.reset_peak_memory()
    passing = torch.ones(40_000_000, dtype=torch.uint8)
    time.sleep(0.05)
    del passing
    assert device.peak_memory_bytes() == pytest.approx(kept.nbytes + 40_000_000, abs=2_000_000)


def test_without_a_reset_there_is_no_peak() -> None:
    assert open_device("cpu").peak_memory_bytes() is None


def test_the_processor_has_a_name() -> None:
    assert CPU.product_name.strip()
