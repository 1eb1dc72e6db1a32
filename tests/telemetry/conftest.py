"""A GPU that is not there: pynvml's functions, answered with an H200's figures."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

UUID = "GPU-4b0a1c52-9c5f-8d3e-7a61-0f2e5d6c7b8a"


class FakeNvml:
    """Answers by the name of the NVML function; an answer that is an NVML error code is raised."""

    def __init__(self) -> None:
        self.running = 0
        self.uuids = {UUID}
        self.answers: dict[str, Any] = {
            "nvmlDeviceGetPowerUsage": 512_300,
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=97, memory=41),
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=9 << 30, free=130 << 30, total=139 << 30),
            "nvmlDeviceGetTemperature": 61,
            "nvmlDeviceGetClockInfo": {pynvml.NVML_CLOCK_SM: 1980, pynvml.NVML_CLOCK_MEM: 3201},
            "nvmlDeviceGetTotalEnergyConsumption": 123_456_789,
            "nvmlDeviceGetCurrentClocksEventReasons": 0,
            "nvmlDeviceGetName": "NVIDIA H200",
            "nvmlDeviceGetEnforcedPowerLimit": 700_000,
            "nvmlDeviceGetPowerManagementDefaultLimit": 700_000,
            "nvmlDeviceGetPersistenceMode": 1,
            "nvmlDeviceGetComputeRunningProcesses": [SimpleNamespace(pid=os.getpid())],
            "nvmlDeviceGetCount": 8,
            "nvmlSystemGetDriverVersion": "570.124.06",
            "nvmlSystemGetCudaDriverVersion_v2": 12080,
        }

    def fail(self, function: str, code: int) -> None:
        self.answers[function] = pynvml.NVMLError(code)

    def init(self) -> None:
        self.running += 1

    def shutdown(self) -> None:
        assert self.running > 0, "NVML was shut down more often than it was started"
        self.running -= 1

    def by_index(self, index: int) -> str:
        assert index == 0
        return UUID

    def by_uuid(self, uuid: str) -> str:
        if uuid not in self.uuids:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return uuid

    def function(self, name: str) -> Callable[..., Any]:
        def answer(*arguments: Any) -> Any:
            if not self.running:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_UNINITIALIZED)
            value = self.answers[name]
            if isinstance(value, Exception):
                raise value
            return value[arguments[1]] if isinstance(value, dict) else value

        return answer


@pytest.fixture
def fake_nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    fake = FakeNvml()
    monkeypatch.setattr(pynvml, "nvmlInit", fake.init)
    monkeypatch.setattr(pynvml, "nvmlShutdown", fake.shutdown)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", fake.by_index)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", fake.by_uuid)
    for name in fake.answers:
        monkeypatch.setattr(pynvml, name, fake.function(name))
    return fake


@pytest.fixture
def no_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    def init() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", init)
