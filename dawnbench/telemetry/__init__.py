"""Records what the hardware does during training.

A `Source` is a group of sensors, a `Sampler` reads them at a steady rate, and `environment` describes the
machine. What cannot be read is None with a reason, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping

from dawnbench.telemetry.environment import environment
from dawnbench.telemetry.host import HostSource
from dawnbench.telemetry.many_gpus import ManyGpus
from dawnbench.telemetry.nvml import open_nvml
from dawnbench.telemetry.rapl import open_rapl
from dawnbench.telemetry.sampler import Sample, Sampler
from dawnbench.telemetry.source import Source

__all__ = ["Sample", "Sampler", "Source", "environment", "open_node_sources", "open_sources"]


def open_sources(device_uuid: str | None) -> list[Source]:
    """Open every source of this machine, first the GPU with the UUID, None for runs without an NVIDIA GPU.

    The sampler looks for an energy counter in this order.
    """
    return [open_nvml(device_uuid), HostSource(), open_rapl()]


def open_node_sources(device_uuids: Mapping[int, str | None]) -> list[Source]:
    """Open every source of this machine, whose GPUs train one trial together, by the ranks that use them."""
    if len(device_uuids) == 1 or None in device_uuids.values():
        return open_sources(next(iter(device_uuids.values())))
    return [ManyGpus({r: open_nvml(uuid) for r, uuid in device_uuids.items()}), HostSource(), open_rapl()]
