"""An NVIDIA GPU."""

from __future__ import annotations

from typing import Any

import torch

from dawnbench.train.device.common import Device


class CudaDevice(Device):
    """One NVIDIA GPU; its clock is events on the stream, so that timing adds no synchronisation."""

    fused_optimizers = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        torch.cuda.set_device(self.torch)
        self.uuid = str(torch.cuda.get_device_properties(self.torch).uuid)

    @property
    def product_name(self) -> str:
        """The GPU's name as the driver gives it."""
        return torch.cuda.get_device_name(self.torch)

    def tune(self) -> None:
        """Let cuDNN measure its algorithms, and let what stays in fp32 use TF32."""
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")

    def mark(self) -> torch.cuda.Event:
        """Return an event recorded on the current stream."""
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def elapsed_ns(self, start: Any, end: Any) -> int:
        """Return the nanoseconds between two events; waits until `end` has passed."""
        end.synchronize()
        return int(start.elapsed_time(end) * 1e6)

    def synchronize(self) -> None:
        """Wait until the GPU is idle."""
        torch.cuda.synchronize(self.torch)

    def preferred_precision(self) -> str:
        """Return bf16 from Ampere on, fp16 before."""
        return "bf16" if torch.cuda.get_device_capability(self.torch) >= (8, 0) else "fp16"

    def free_memory_bytes(self) -> int | None:
        """Return what the driver has free, and what torch's allocator holds unused."""
        free, _ = torch.cuda.mem_get_info(self.torch)
        unused = torch.cuda.memory_reserved(self.torch) - torch.cuda.memory_allocated(self.torch)
        return int(free + unused)

    def reset_peak_memory(self) -> None:
        """Begin a new count for `peak_memory_bytes`."""
        torch.cuda.reset_peak_memory_stats(self.torch)

    def peak_memory_bytes(self) -> int | None:
        """Return `torch.cuda.max_memory_allocated`."""
        return int(torch.cuda.max_memory_allocated(self.torch))
