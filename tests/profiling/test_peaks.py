"""The peaks of this machine, measured in a moment."""

from __future__ import annotations

import pytest
import torch

from dawnbench.engine.device import open_device
from dawnbench.errors import DawnbenchError
from dawnbench.profiling import measure_peaks
from dawnbench.records.step_profile import Peaks
from tests.engine.fakes import FakeDevice


@pytest.fixture(scope="module")
def peaks() -> Peaks:
    return measure_peaks(open_device("cpu"), seconds=0.01, memory_bytes=1 << 25)


def test_every_peak_is_within_what_a_processor_can_do(peaks: Peaks) -> None:
    assert peaks.products[0].work == "fp32"
    for peak in peaks.products:
        assert 1e8 < peak.rate < 1e15
        assert peak.size >= 512
    assert 1e8 < peaks.memory.rate < 1e13
    assert peaks.memory.size == 1 << 25
    assert 1e8 < peaks.cache.rate < 1e14
    assert peaks.threads == torch.get_num_threads()


def test_no_precision_goes_without_a_word(peaks: Peaks) -> None:
    told = {peak.work for peak in peaks.products} | {sentence.split()[0] for sentence in peaks.skipped}
    assert told == {"fp32", "bf16", "fp16"}


def test_what_the_processor_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    found = measure_peaks(open_device("cpu"), seconds=0, memory_bytes=1 << 20)
    assert [peak.work for peak in found.products] == ["fp32"]
    assert found.skipped == tuple(
        f"{precision} is left out: this processor has no instructions for it."
        for precision in ("bf16", "fp16")
    )


def test_the_setting_for_products_of_float32_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        measure_peaks(open_device("cpu"), seconds=0, memory_bytes=1 << 20)
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)


def test_a_device_that_is_full_is_refused() -> None:
    with pytest.raises(DawnbenchError, match=r"cpu has 1\.0 GB free, .* takes 2\.1 GB; close other programs"):
        measure_peaks(FakeDevice(free_bytes=10**9))
