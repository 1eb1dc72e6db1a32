from __future__ import annotations

from types import SimpleNamespace

import pynvml
import pytest

from dawnbench.telemetry.device import NoGpuError
from dawnbench.telemetry.gpu import driver_facts, gpu_facts

from .conftest import UUID, FakeNvml


def test_a_gpu_is_described_in_watts_and_bytes(fake_nvml: FakeNvml):
    fake_nvml.answers["nvmlDeviceGetEnforcedPowerLimit"] = 450_000
    fake_nvml.answers["nvmlDeviceGetComputeRunningProcesses"] = [
        SimpleNamespace(pid=17),
        SimpleNamespace(pid=23),
    ]
    facts = gpu_facts(UUID)
    assert facts.name == "NVIDIA H200"
    assert (facts.power_limit, facts.default_power_limit) == (450, 700)
    assert facts.memory_free == 130 << 30
    assert facts.process_ids == (17, 23)
    assert facts.persistence is True
    assert facts.throttle_reasons == ()
    assert facts.unreadable == {}
    assert fake_nvml.running == 0


def test_without_a_uuid_it_is_the_first_gpu(fake_nvml: FakeNvml):
    assert gpu_facts(None) == gpu_facts(UUID)


def test_what_nvml_does_not_tell_is_none_with_the_reason(fake_nvml: FakeNvml):
    fake_nvml.fail("nvmlDeviceGetPersistenceMode", pynvml.NVML_ERROR_NOT_SUPPORTED)
    facts = gpu_facts(UUID)
    assert facts.persistence is None
    assert set(facts.unreadable) == {"persistence"}
    assert "Not Supported" in facts.unreadable["persistence"]
    assert facts.temperature == 61


def test_the_driver_is_described(fake_nvml: FakeNvml):
    facts = driver_facts()
    assert (facts.gpus, facts.version, facts.cuda) == (8, "570.124.06", "12.8")
    assert fake_nvml.running == 0


def test_a_driver_that_does_not_answer_is_no_gpu(fake_nvml: FakeNvml):
    fake_nvml.fail("nvmlSystemGetDriverVersion", pynvml.NVML_ERROR_UNKNOWN)
    with pytest.raises(NoGpuError, match="Unknown Error"):
        driver_facts()
    assert fake_nvml.running == 0


@pytest.mark.usefixtures("no_nvml")
def test_without_nvml_both_say_what_to_do():
    with pytest.raises(NoGpuError, match="install its driver"):
        gpu_facts(None)
    with pytest.raises(NoGpuError, match="install its driver"):
        driver_facts()
