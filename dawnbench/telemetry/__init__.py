"""Records what the hardware does during training.

A `Source` is a group of sensors, a `Sampler` reads them at a steady rate, and `environment` describes the
machine. What cannot be read is None with a reason, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import psutil

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


def open_node_sources(device_uuids: Mapping[int, str | None], processes: Sequence[int]) -> list[Source]:
    """Open every source of this machine, on which several processes train one trial together.

    `device_uuids` has their GPUs by rank, and `processes` their ids.
    """
    own = [psutil.Process(process) for process in processes]

    def own_seconds() -> float:
        return math.fsum(sum(process.cpu_times()[:2]) for process in own)

    gpus = {rank: open_nvml(uuid) for rank, uuid in device_uuids.items() if uuid is not None}
    gpu = ManyGpus(gpus) if len(gpus) > 1 else next(iter(gpus.values()), None) or open_nvml(None)
    return [gpu, HostSource(own_seconds=own_seconds), open_rapl()]
