"""What the hardware did while a model trained.

A `Source` is a group of sensors, a `Sampler` reads them at a steady rate, and `environment` describes the
machine. What cannot be read is None, with a reason, and never a guess.
"""

from __future__ import annotations

from dawnbench.telemetry.environment import environment
from dawnbench.telemetry.host import HostSource
from dawnbench.telemetry.nvml import open_nvml
from dawnbench.telemetry.rapl import open_rapl
from dawnbench.telemetry.sampler import Sample, Sampler
from dawnbench.telemetry.source import Source

__all__ = ["Sample", "Sampler", "Source", "environment", "open_sources"]


def open_sources(device_uuid: str | None) -> list[Source]:
    """Open every source of this machine, the GPU with the UUID first; None on a run without an NVIDIA GPU.

    The order is that in which the sampler looks for an energy counter.
    """
    return [open_nvml(device_uuid), HostSource(), open_rapl()]
