"""An NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from dawnbench.engine.device.common import CaptureError, Device, Footprint
from dawnbench.engine.device.compile_cache import keep_compiled_code

CALLS_BEFORE_CAPTURE = 3


class CudaDevice(Device):
    """One NVIDIA GPU; its clock is events on the stream, so that timing adds no synchronisation."""

    fused_optimizers = True
    compiling_pays = True
    captures = True
    # cuDNN's workspaces, and the blocks of the capture's pool that fit nothing else: a share that no one has
    # measured yet. cuBLAS keeps up to 32 MiB for each of the streams, cuDNN and the context the rest.
    footprint = Footprint(share=0.15, fixed=1 << 30)

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
        """Let cuDNN measure all its algorithms, what stays in fp32 use TF32, and keep compiled code."""
        keep_compiled_code()
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.benchmark_limit = 0  # all of them, not the ten that its heuristic puts first
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
        """Go on from what `random_state` returned."""
        torch.cuda.set_rng_state(state, self.torch)

    def preferred_precision(self) -> str:
        """Return bf16 from Ampere on, fp16 before."""
        return "bf16" if torch.cuda.get_device_capability(self.torch) >= (8, 0) else "fp16"

    def to_host_memory(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a copy in pinned memory, which reaches the GPU several times as fast."""
        return torch.from_numpy(array).pin_memory().numpy()

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        """Record the function's kernels in a CUDA graph and return what replays it."""
        generator = torch.cuda.default_generators[self.torch.index or 0]
        # A capture that breaks off leaves the generator in a state that refuses every later draw. The copy
        # was never part of one.
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
            error.__traceback__ = None  # its frames hold the graph, and with it the memory of its pool
        torch.cuda.set_stream(stream)
        generator.graphsafe_set_state(spare)
        torch.cuda.synchronize(self.torch)
        with suppress(RuntimeError):  # torch may take the pool for one that is still recorded to
            self.release_cache()
        raise CaptureError(reason)

    def _record(self, function: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        # One pool for all graphs: they are never replayed at the same time, and none hands memory to another.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            function()
        return graph.replay

    def _rehearse(self, function: Callable[[], None]) -> None:
        """Call the function as a capture will: what it would not survive is found before it begins."""
        # Libraries set themselves up in the first calls, which may not happen while a graph is recorded.
        side = torch.cuda.Stream(self.torch)
        side.wait_stream(torch.cuda.current_stream(self.torch))
        with torch.cuda.stream(side):
            for _ in range(CALLS_BEFORE_CAPTURE - 1):
                function()
            with _waiting_refused():
                function()
        torch.cuda.current_stream(self.torch).wait_stream(side)

    def release_cache(self) -> None:
        """Give the allocator's unused blocks back to the driver."""
        torch.cuda.empty_cache()

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


@contextmanager
def _waiting_refused() -> Iterator[None]:
    """Make torch raise RuntimeError where the host would wait for the GPU."""
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
