"""An Apple GPU."""

from __future__ import annotations

import platform
import time
from typing import Any

import torch

from dawnbench.engine.device.base import Device


class MpsDevice(Device):
    """An Apple GPU. Events cannot be read across streams, so a mark waits and reads the host's clock."""

    @property
    def product_name(self) -> str:
        """The processor that the GPU is part of."""
        return f"Apple {platform.processor()} GPU"

    def mark(self) -> Any:
        """Wait for the GPU, then return the host's time."""
        self.synchronize()
        return time.perf_counter_ns()

    def synchronize(self) -> None:
        """Wait until the GPU is idle."""
        torch.mps.synchronize()

    def preferred_precision(self) -> str:
        """Return fp16."""
        return "fp16"

    def free_memory_bytes(self) -> int | None:
        """Return Metal's recommended working set size minus what is in use."""
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
