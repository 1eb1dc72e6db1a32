from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.telemetry import host
from dawnbench.telemetry.host import HostSource

METRICS = {
    "cpu_utilization",
    "cpu_other_utilization",
    "cpu_frequency",
    "process_memory",
    "system_memory_used",
}


class FakeKernel:
    def __init__(self) -> None:
        self.busy, self.total = 100.0, 1000.0
        self.closed = False

    def cpu_seconds(self) -> tuple[float, float]:
        return self.busy, self.total

    def process_memory(self) -> int:
        return 5 << 20

    def system_memory_used(self) -> int:
        return 3 << 30

    def close(self) -> None:
        self.closed = True


def cores(root: Path, *kilohertz: int) -> Path:
    for core, frequency in enumerate(kilohertz):
        folder = root / f"sys/devices/system/cpu/cpu{core}/cpufreq"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "scaling_cur_freq").write_text(f"{frequency}\n")
    return root


def test_utilization_is_the_busy_share_since_the_reading_before(tmp_path: Path):
    kernel = FakeKernel()
    source = HostSource(kernel, tmp_path)
    kernel.busy, kernel.total = 100.05, 1000.1
    assert source.read()["cpu_utilization"] == pytest.approx(50.0)
    kernel.total = 1000.2
    assert source.read()["cpu_utilization"] == 0.0


def test_two_readings_within_a_tick_give_none_and_lose_nothing(tmp_path: Path):
    kernel = FakeKernel()
    source = HostSource(kernel, tmp_path)
    assert source.read()["cpu_utilization"] is None
    kernel.busy, kernel.total = 101, 1004
    assert source.read()["cpu_utilization"] == 25.0
    assert "cpu_utilization" not in source.unavailable


def test_other_processes_are_what_is_busy_beside_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(host.os, "cpu_count", lambda: 2)
    kernel, own = FakeKernel(), [7.0]
    source = HostSource(kernel, tmp_path, lambda: own[0])
    kernel.busy, kernel.total, own[0] = 101.0, 1001.0, 7.5
    assert source.read()["cpu_other_utilization"] is None  # half a second of two cores tells nothing yet
    kernel.busy, kernel.total, own[0] = 102.0, 1002.0, 8.5
    assert source.read()["cpu_other_utilization"] == 25.0
    kernel.busy, kernel.total = 102.0, 1003.0
    assert source.read()["cpu_other_utilization"] == 25.0
    kernel.busy, kernel.total, own[0] = 103.0, 1004.0, 9.6
    assert source.read()["cpu_other_utilization"] == 0.0


@given(st.lists(st.tuples(st.floats(-0.02, 10), st.floats(0.0, 10)), min_size=1, max_size=20))
def test_utilization_stays_between_0_and_100(steps: list[tuple[float, float]]):
    kernel = FakeKernel()
    source = HostSource(kernel, Path("/nowhere"))
    for busy, total in steps:
        kernel.busy += busy
        kernel.total += total
        percent = source.read()["cpu_utilization"]
        assert percent is None or 0 <= percent <= 100


def test_frequency_is_the_cores_mean_in_megahertz(tmp_path: Path):
    source = HostSource(FakeKernel(), cores(tmp_path, 2_000_000, 3_000_000))
    assert source.read()["cpu_frequency"] == 2500


def test_frequency_is_read_once_a_second_and_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    now = 50.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    source = HostSource(FakeKernel(), cores(tmp_path, 2_000_000))
    cores(tmp_path, 1_000_000)
    now += 0.9
    assert source.read()["cpu_frequency"] == 2000
    now += 0.2
    assert source.read()["cpu_frequency"] == 1000


def test_a_large_machine_is_not_asked_core_by_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = cores(tmp_path, *[2_000_000] * 200)
    read = []
    text = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path: (read.append(path), text(path))[1])
    assert HostSource(FakeKernel(), root).read()["cpu_frequency"] == 2000
    assert 2 <= len(read) <= host._FREQUENCY_CORES


def test_without_the_files_the_frequency_is_unavailable_with_a_reason(tmp_path: Path):
    source = HostSource(FakeKernel(), tmp_path)
    assert "cpu_frequency" not in source.units
    assert "virtual machine" in source.unavailable["cpu_frequency"]


def test_this_machine_delivers_or_excuses_every_metric():
    source = HostSource()
    time.sleep(0.05)
    values = source.read()
    assert set(values) | set(source.unavailable) == METRICS
    assert set(values) == set(source.units)
    memory = values["process_memory"]
    assert memory is not None
    assert memory > 1 << 20
    source.close()


def test_closing_closes_the_kernels_files(tmp_path: Path):
    kernel = FakeKernel()
    HostSource(kernel, tmp_path).close()
    assert kernel.closed


def test_a_sample_costs_less_than_half_a_millisecond_of_processor():
    source = HostSource()
    began = time.thread_time()
    for _ in range(200):
        source.read()
    assert (time.thread_time() - began) / 200 < 0.5e-3
