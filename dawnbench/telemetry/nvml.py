"""Samples an NVIDIA GPU through NVML."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pynvml

from dawnbench.telemetry.device import NoGpuError, open_device
from dawnbench.telemetry.source import Probe, Source, at_most_every
from dawnbench.telemetry.throttle import harmful

THROTTLE = "gpu_throttle_reasons"
ENERGY = "gpu_energy"
# Listing the processes is expensive for the driver, so ask rarely.
_PROCESSES_SECONDS = 1.0


class NvmlSource(Source):
    """One GPU, or one MIG instance of it.

    On Ampere and later gpu_power is the driver's average over the last second (nvml.h), so its peak is the
    highest second; the energy counter has no such smoothing. Utilization is the driver's own, over its last
    sampling period of 1/6 s to 1 s. A MIG instance provides only the few metrics that NVML supports for it.
    """

    def __init__(self, handle: Any) -> None:
        super().__init__(_probes(handle))
        self._handle = handle
        self._open = True
        try:
            pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        except pynvml.NVMLError as error:
            self.unavailable[ENERGY] = f"{ENERGY} cannot be read: {error}"
        else:
            self.energy_name, self.power_name = "NVML total energy counter", "gpu_power"
        self.throttle_reasons()

    def throttle_reasons(self) -> tuple[str, ...]:
        """Return why the GPU is throttled now, ignoring idleness and clocks that the user set."""
        try:
            return harmful(pynvml.nvmlDeviceGetCurrentClocksEventReasons(self._handle))
        except pynvml.NVMLError as error:
            self.unavailable[THROTTLE] = (
                f"{THROTTLE} cannot be read, or could not be read at some samples: {error}"
            )
            return ()

    def energy_joules(self) -> float | None:
        """Return the GPU's energy since its driver was loaded."""
        if self.energy_name is None:
            return None
        try:
            return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)) / 1e3
        except pynvml.NVMLError as error:
            self.unavailable[ENERGY] = f"{ENERGY} could not be read at some point: {error}"
            return None

    def close(self) -> None:
        """Shut NVML down; later readings are None."""
        if self._open:
            self._open = False
            with suppress(pynvml.NVMLError):  # a lost GPU may take its driver with it
                pynvml.nvmlShutdown()


def open_nvml(uuid: str | None) -> Source:
    """Open the GPU with this UUID, with or without its prefix; None means that the run uses no NVIDIA GPU.

    If it cannot be opened, every metric of the returned source is unavailable, with the reason.
    """
    if uuid is None:
        return _nothing("the run uses no NVIDIA GPU")
    try:
        return NvmlSource(open_device(uuid))
    except NoGpuError as error:
        return _nothing(str(error))


def _nothing(reason: str) -> Source:
    names = [name for probe in _probes(None) for name in probe.units]
    return Source((), dict.fromkeys([*names, ENERGY, THROTTLE], reason))


def _probes(handle: Any) -> list[Probe]:
    def power() -> tuple[float]:
        return (pynvml.nvmlDeviceGetPowerUsage(handle) / 1e3,)

    def utilization() -> tuple[int, int]:
        rates = pynvml.nvmlDeviceGetUtilizationRates(handle)
        return rates.gpu, rates.memory

    def memory() -> tuple[int]:
        return (pynvml.nvmlDeviceGetMemoryInfo(handle).used,)

    def temperature() -> tuple[int]:
        return (pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU),)

    def sm_clock() -> tuple[int]:
        return (pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM),)

    def memory_clock() -> tuple[int]:
        return (pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_MEM),)

    def other_processes() -> tuple[int]:
        # In a container NVML's process IDs are from another namespace: count them, and subtract our own.
        return (max(0, len(pynvml.nvmlDeviceGetComputeRunningProcesses(handle)) - 1),)

    return [
        Probe({"gpu_power": "W"}, power),
        Probe({"gpu_utilization": "%", "gpu_memory_utilization": "%"}, utilization),
        Probe({"gpu_memory_used": "bytes"}, memory),
        Probe({"gpu_temperature": "degC"}, temperature),
        Probe({"gpu_sm_clock": "MHz"}, sm_clock),
        Probe({"gpu_memory_clock": "MHz"}, memory_clock),
        Probe({"gpu_other_processes": "processes"}, at_most_every(_PROCESSES_SECONDS, other_processes)),
    ]
