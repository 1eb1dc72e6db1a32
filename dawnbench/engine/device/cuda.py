"""An NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from dawnbench.engine.device.base import CaptureError, Device, Footprint
from dawnbench.engine.device.compile_cache import keep_compiled_code

CALLS_BEFORE_CAPTURE = 3


class CudaDevice(Device):
    """One NVIDIA GPU; it is timed by events on the stream, so that timing adds no synchronization."""

    fused_optimizers = True
    compiling_pays = True
    captures = True
    # The share covers cuDNN's workspaces and unusable blocks of the capture's pool; it has not been measured.
    # Of the fixed bytes, cuBLAS keeps up to 32 MiB per stream, cuDNN and the context the rest.
    footprint = Footprint(share=0.15, fixed=1 << 30)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        torch.cuda.set_device(self.torch)
        self._pool = torch.cuda.graph_pool_handle()
        self.uuid = str(torch.cuda.get_device_properties(self.torch).uuid)

    @property
    def product_name(self) -> str:
        """The GPU's name as reported by the driver."""
        return torch.cuda.get_device_name(self.torch)

    def tune(self) -> None:
        """Let cuDNN benchmark all its algorithms, use TF32 for fp32 work, and keep compiled code."""
        keep_compiled_code()
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.benchmark_limit = 0  # all of them, not only the first ten of its heuristic
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

    def random_state(self) -> Tensor:
        """Return the state of the GPU's default generator."""
        return torch.cuda.get_rng_state(self.torch)

    def set_random_state(self, state: Tensor) -> None:
        """Restore what `random_state` returned."""
        torch.cuda.set_rng_state(state, self.torch)

    def preferred_precision(self) -> str:
        """Return bf16 on Ampere and later, fp16 on earlier GPUs."""
        return "bf16" if torch.cuda.get_device_capability(self.torch) >= (8, 0) else "fp16"

    def to_host_memory(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a copy in pinned memory, which transfers to the GPU several times as fast."""
        return torch.from_numpy(array).pin_memory().numpy()

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        """Record the function's kernels in a CUDA graph and return a function that replays it."""
        generator = torch.cuda.default_generators[self.torch.index or 0]
        # A failed capture leaves the generator in a state that refuses every later draw. The copy was never
        # part of a capture.
        spare = generator.clone_state()
        stream = torch.cuda.current_stream(self.torch)
        try:
            self._rehearse(function)
            self.release_cache()
            return self._record(function)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            error.__traceback__ = None  # its frames keep the graph alive, and with it the memory of its pool
        torch.cuda.set_stream(stream)
        generator.graphsafe_set_state(spare)
        torch.cuda.synchronize(self.torch)
        with suppress(RuntimeError):  # torch may think that the pool is still being recorded to
            self.release_cache()
        raise CaptureError(reason)

    def _record(self, function: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        # One pool for all graphs: they are never replayed concurrently, and none passes memory to another.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            function()
        return graph.replay

    def _rehearse(self, function: Callable[[], None]) -> None:
        """Call the function as a capture will, to find what would break the capture before it starts."""
        # Libraries initialize themselves in the first calls, which must not happen while a graph is recorded.
        side = torch.cuda.Stream(self.torch)
        side.wait_stream(torch.cuda.current_stream(self.torch))
        with torch.cuda.stream(side):
            for _ in range(CALLS_BEFORE_CAPTURE - 1):
                function()
            with _forbid_waiting():
                function()
        torch.cuda.current_stream(self.torch).wait_stream(side)

    def release_cache(self) -> None:
        """Return the allocator's unused blocks to the driver."""
        torch.cuda.empty_cache()

    def free_memory_bytes(self) -> int | None:
        """Return the driver's free memory plus what torch's allocator holds unused."""
        free, _ = torch.cuda.mem_get_info(self.torch)
        unused = torch.cuda.memory_reserved(self.torch) - torch.cuda.memory_allocated(self.torch)
        return int(free + unused)

    def reset_peak_memory(self) -> None:
        """Reset the peak that `peak_memory_bytes` returns."""
        torch.cuda.reset_peak_memory_stats(self.torch)

    def peak_memory_bytes(self) -> int | None:
        """Return `torch.cuda.max_memory_allocated`."""
        return int(torch.cuda.max_memory_allocated(self.torch))


@contextmanager
def _forbid_waiting() -> Iterator[None]:
    """Make torch raise RuntimeError whenever the host would wait for the GPU."""
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
