from __future__ import annotations

import itertools
import time

import pynvml
import pytest

from dawnbench.telemetry.nvml import open_nvml

from .conftest import UUID, FakeNvml

METRICS = {
    "gpu_power": "W",
    "gpu_utilization": "%",
    "gpu_memory_utilization": "%",
    "gpu_memory_used": "bytes",
    "gpu_temperature": "degC",
    "gpu_sm_clock": "MHz",
    "gpu_memory_clock": "MHz",
    "gpu_other_processes": "processes",
}
BEYOND = {"gpu_energy", "gpu_throttle_reasons"}


def test_every_metric_comes_in_its_unit(fake_nvml: FakeNvml):
    source = open_nvml(UUID)
    assert source.units == METRICS
    assert source.unavailable == {}
    assert source.read() == {
        "gpu_power": 512.3,
        "gpu_utilization": 97,
        "gpu_memory_utilization": 41,
        "gpu_memory_used": 9 << 30,
        "gpu_temperature": 61,
        "gpu_sm_clock": 1980,
        "gpu_memory_clock": 3201,
        "gpu_other_processes": 0,
    }
    assert source.energy_joules() == pytest.approx(123_456.789)
    assert source.energy_name == "NVML total energy counter"
    assert source.throttle_reasons() == ()


@pytest.fixture
def _seconds_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ten seconds pass between any two looks at the clock."""
    ticks = itertools.count(1000.0, 10.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))


@pytest.mark.usefixtures("_seconds_pass")
def test_a_process_that_joins_on_the_gpu_is_counted(fake_nvml: FakeNvml):
    source = open_nvml(UUID)
    fake_nvml.answers["nvmlDeviceGetComputeRunningProcesses"] = [object(), object(), object()]
    assert source.read()["gpu_other_processes"] == 2
    fake_nvml.answers["nvmlDeviceGetComputeRunningProcesses"] = []
    assert source.read()["gpu_other_processes"] == 0


def test_torchs_bare_uuid_is_understood(fake_nvml: FakeNvml):
    assert open_nvml(UUID.removeprefix("GPU-")).read()["gpu_temperature"] == 61


def test_a_mig_instance_is_found_by_its_bare_uuid_and_delivers_what_it_can(fake_nvml: FakeNvml):
    fake_nvml.uuids = {"MIG-7f3c"}
    fake_nvml.fail("nvmlDeviceGetUtilizationRates", pynvml.NVML_ERROR_NOT_SUPPORTED)
    fake_nvml.fail("nvmlDeviceGetTotalEnergyConsumption", pynvml.NVML_ERROR_NOT_SUPPORTED)
    fake_nvml.fail("nvmlDeviceGetCurrentClocksEventReasons", pynvml.NVML_ERROR_NOT_SUPPORTED)
    source = open_nvml("7f3c")
    assert source.read()["gpu_memory_used"] == 9 << 30
    assert set(source.units) == set(METRICS) - {"gpu_utilization", "gpu_memory_utilization"}
    assert set(source.unavailable) == {"gpu_utilization", "gpu_memory_utilization"} | BEYOND
    assert "Not Supported" in source.unavailable["gpu_utilization"]
    assert source.energy_joules() is None
    assert source.energy_name is None
    assert source.throttle_reasons() == ()


def test_a_power_cap_is_reported_as_words(fake_nvml: FakeNvml):
    source = open_nvml(UUID)
    fake_nvml.answers["nvmlDeviceGetCurrentClocksEventReasons"] = 0x44
    assert source.throttle_reasons() == ("software power cap", "hardware thermal slowdown")


@pytest.mark.usefixtures("_seconds_pass")
def test_a_gpu_lost_midway_gives_none_and_the_reason(fake_nvml: FakeNvml):
    source = open_nvml(UUID)
    for name in list(fake_nvml.answers):
        fake_nvml.fail(name, pynvml.NVML_ERROR_GPU_IS_LOST)
    assert source.read() == dict.fromkeys(METRICS)
    assert source.energy_joules() is None
    assert source.throttle_reasons() == ()
    assert set(source.unavailable) == set(METRICS) | BEYOND
    assert all("GPU is lost" in reason for reason in source.unavailable.values())


def test_an_unknown_uuid_makes_everything_unavailable_and_leaves_nvml_shut(fake_nvml: FakeNvml):
    source = open_nvml("GPU-nobody")
    assert source.read() == {}
    assert source.units == {}
    assert set(source.unavailable) == set(METRICS) | BEYOND
    assert "GPU-nobody" in source.unavailable["gpu_power"]
    assert fake_nvml.running == 0


@pytest.mark.usefixtures("no_nvml")
def test_a_machine_without_the_driver_has_a_reason_for_every_metric():
    source = open_nvml(UUID)
    assert source.read() == {}
    assert source.energy_joules() is None
    assert source.throttle_reasons() == ()
    assert set(source.unavailable) == set(METRICS) | BEYOND
    assert "install its driver" in source.unavailable["gpu_power"]


def test_a_run_without_a_gpu_does_not_look_at_the_one_that_is_there(fake_nvml: FakeNvml):
    assert open_nvml(None).unavailable["gpu_power"] == "the run uses no NVIDIA GPU"
    assert fake_nvml.running == 0


@pytest.mark.usefixtures("_seconds_pass")
def test_closing_shuts_nvml_down_once(fake_nvml: FakeNvml):
    source = open_nvml(UUID)
    assert fake_nvml.running == 1
    source.close()
    source.close()
    assert fake_nvml.running == 0
    assert source.read() == dict.fromkeys(METRICS)


@pytest.mark.gpu
def test_the_real_gpu_answers():
    try:
        pynvml.nvmlInit()
        uuid = pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(0))
    except pynvml.NVMLError as error:
        pytest.skip(f"no NVIDIA GPU: {error}")
    source = open_nvml(uuid)
    values = source.read()
    pynvml.nvmlShutdown()
    assert values, source.unavailable
    assert set(values) | set(source.unavailable) >= set(METRICS)
    temperature = values.get("gpu_temperature")
    assert temperature is None or 0 < temperature < 110
    first, second = source.energy_joules(), source.energy_joules()
    assert (first is None) == (second is None) == ("gpu_energy" in source.unavailable)
    assert first is None or second is None or second >= first > 0
    source.close()
