"""An NVIDIA GPU."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from platformdirs import user_cache_dir
from torch import Tensor

from dawnbench.train.device.common import Device

CALLS_BEFORE_CAPTURE = 3


class CudaDevice(Device):
    """One NVIDIA GPU; its clock is events on the stream, so that timing adds no synchronisation."""

    fused_optimizers = True
    compiling_pays = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        torch.cuda.set_device(self.torch)
        self._pool = torch.cuda.graph_pool_handle()
        self.uuid = str(torch.cuda.get_device_properties(self.torch).uuid)

    @property
    def product_name(self) -> str:
        """The GPU's name as the driver gives it."""
        return torch.cuda.get_device_name(self.torch)

    def tune(self) -> None:
        """Let cuDNN measure its algorithms, what stays in fp32 use TF32, and compiled code outlive /tmp."""
        cache = Path(user_cache_dir("dawnbench", appauthor=False)) / "inductor"
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache))
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

    def scalar(self, value: float) -> Tensor:
        """Return a tensor without dimensions on the GPU."""
        return torch.tensor(value, device=self.torch)

    def capture(
        self, function: Callable[[Tensor, Tensor], None], first: Tensor, second: Tensor
    ) -> Callable[[Tensor, Tensor], None]:
        """Record the function's kernels in a CUDA graph; return what copies its inputs in and replays it."""
        inputs = (first.clone(), second.clone())
        # Libraries set themselves up in the first calls, which may not happen while a graph is recorded.
        side = torch.cuda.Stream(self.torch)
        side.wait_stream(torch.cuda.current_stream(self.torch))
        with torch.cuda.stream(side):
            for _ in range(CALLS_BEFORE_CAPTURE):
                function(*inputs)
        torch.cuda.current_stream(self.torch).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # One pool for all graphs: they are never replayed at the same time, and none hands memory to another.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            function(*inputs)

        def replay(first: Tensor, second: Tensor) -> None:
            inputs[0].copy_(first)
            inputs[1].copy_(second)
            graph.replay()

        return replay

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
