"""Facts about a GPU and its driver and their current state, for run records and for the doctor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pynvml

from dawnbench.telemetry.device import NoGpuError, device, start_nvml
from dawnbench.telemetry.throttle import harmful

T = TypeVar("T")


@dataclass(frozen=True)
class DriverFacts:
    """The NVIDIA driver of this machine."""

    gpus: int
    """The number of GPUs, used or not."""
    version: str
    cuda: str
    """The newest CUDA version that it supports, such as 12.8."""


@dataclass(frozen=True)
class GpuFacts:
    """The current state of one GPU; a field that NVML does not report is None, see `unreadable`."""

    name: str | None
    temperature: float | None
    """degC."""
    power_limit: float | None
    """W, the limit in force."""
    default_power_limit: float | None
    """W, the limit at startup."""
    memory_free: int | None
    """Bytes."""
    persistence: bool | None
    """Whether the driver stays loaded while no process uses the GPU."""
    process_ids: tuple[int, ...] | None
    """The processes that compute on it."""
    throttle_reasons: tuple[str, ...] | None
    unreadable: Mapping[str, str]


def driver_facts() -> DriverFacts:
    """Return what NVML reports about the driver; raises NoGpuError if there is none."""
    start_nvml()
    try:
        cuda = pynvml.nvmlSystemGetCudaDriverVersion_v2()
        return DriverFacts(
            gpus=pynvml.nvmlDeviceGetCount(),
            version=pynvml.nvmlSystemGetDriverVersion(),
            # NVML packs 12.8 as 12080 (nvml.h, NVML_CUDA_DRIVER_VERSION_MAJOR and _MINOR).
            cuda=f"{cuda // 1000}.{cuda % 1000 // 10}",
        )
    except pynvml.NVMLError as error:
        raise NoGpuError(f"NVML does not describe its driver ({error}); reinstall the driver") from error
    finally:
        pynvml.nvmlShutdown()


def gpu_facts(uuid: str | None) -> GpuFacts:
    """Return the state of the GPU with this UUID, or of the first one if None; raises NoGpuError."""
    unreadable: dict[str, str] = {}
    with device(uuid) as handle:

        def ask(name: str, question: Callable[[Any], T]) -> T | None:
            try:
                return question(handle)
            except pynvml.NVMLError as error:
                unreadable[name] = f"NVML does not report it: {error}"
                return None

        return GpuFacts(
            name=ask("name", pynvml.nvmlDeviceGetName),
            temperature=ask(
                "temperature", lambda gpu: pynvml.nvmlDeviceGetTemperature(gpu, pynvml.NVML_TEMPERATURE_GPU)
            ),
            power_limit=ask("power_limit", lambda gpu: pynvml.nvmlDeviceGetEnforcedPowerLimit(gpu) / 1e3),
            default_power_limit=ask(
                "default_power_limit",
                lambda gpu: pynvml.nvmlDeviceGetPowerManagementDefaultLimit(gpu) / 1e3,
            ),
            memory_free=ask("memory_free", lambda gpu: pynvml.nvmlDeviceGetMemoryInfo(gpu).free),
            persistence=ask("persistence", lambda gpu: bool(pynvml.nvmlDeviceGetPersistenceMode(gpu))),
            process_ids=ask(
                "process_ids",
                lambda gpu: tuple(
                    process.pid for process in pynvml.nvmlDeviceGetComputeRunningProcesses(gpu)
                ),
            ),
            throttle_reasons=ask(
                "throttle_reasons",
                lambda gpu: harmful(pynvml.nvmlDeviceGetCurrentClocksEventReasons(gpu)),
            ),
            unreadable=unreadable,
        )
