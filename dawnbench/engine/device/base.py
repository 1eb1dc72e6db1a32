"""What the training loop needs from a device; the defaults suit one that has only the host's clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Footprint:
    """What a device needs beyond the bytes of the live tensors."""

    share: float = 0.0
    """Fraction of these bytes: gaps between blocks, and what kernels use while they run."""
    fixed: int = 0
    """Bytes that libraries keep for themselves."""

    def reserved(self, tensors: int) -> int:
        """Return the bytes that the device must have for `tensors` bytes."""
        return math.ceil(tensors * (1 + self.share)) + self.fixed

    def tensors_in(self, available: int) -> int:
        """Return how many bytes of tensors fit into `available` bytes."""
        return max(0, math.floor((available - self.fixed) / (1 + self.share)))


def device_failure(error: BaseException) -> str | None:
    """Return what a device said that has stopped working, such as a GPU that fell off the bus; else None."""
    failed = isinstance(error, torch.AcceleratorError) and not isinstance(error, torch.OutOfMemoryError)
    return str(error).partition("\n")[0].strip() if failed else None


class CaptureError(Exception):
    """A step cannot be captured; the message says why."""


class Device:
    """One device, its clock, its memory and its number formats."""

    uuid: str | None = None
    """The identifier of the device in NVML."""
    fused_optimizers = False
    """Whether the device supports torch's fused optimizers."""

    compiling_pays = False
    """Whether torch.compile makes training faster on the device."""
    captures = False
    """Whether `capture` records a step, which then reads its rates from tensors."""
    footprint = Footprint(share=0.1)
    """Not measured precisely; a tenth has proved to be enough."""
    shares_host_memory = False
    """Whether the device computes on tensors in host memory directly."""

    def __init__(self, name: str) -> None:
        self.torch = torch.device(name)

    @property
    def product_name(self) -> str:
        """The manufacturer's name of the device."""
        return str(self.torch)

    @property
    def threads(self) -> int | None:
        """Number of processor threads that compute; None if another device computes."""
        return None

    def tune(self) -> None:
        """Apply process-wide settings that make every training run on this device faster.

        Raises:
            DawnbenchError: a required folder cannot be used.
        """

    def mark(self) -> Any:
        """Return the current point in the device's stream of work, for `elapsed_ns`; never waits."""
        return time.perf_counter_ns()

    def elapsed_ns(self, start: Any, end: Any) -> int:
        """Return the nanoseconds of device time between two marks; waits until `end` has passed."""
        return int(end - start)

    def synchronize(self) -> None:
        """Wait until the device has finished all work submitted to it."""

    def generator(self, seed: int) -> torch.Generator:
        """Return a random number generator on this device."""
        return torch.Generator(self.torch).manual_seed(seed)

    def random_state(self) -> Tensor:
        """Return the state of the generator that layers such as dropout use on this device."""
        return torch.get_rng_state()

    def set_random_state(self, state: Tensor) -> None:
        """Restore what `random_state` returned."""
        torch.set_rng_state(state)

    def preferred_precision(self) -> str:
        """Return the fastest of fp32, bf16 and fp16 that the device can train in."""
        return "fp32"

    def to_host_memory(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the array in the kind of host memory that transfers to the device fastest."""
        return array

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        """Return a function that does the same as `function`, as fast as this device can.

        `function` must read and change the same tensors on every call; it may be called during the capture.

        Raises:
            CaptureError: it cannot be captured; random state and memory are restored.
        """
        return function

    def release_cache(self) -> None:
        """Release the memory that the allocator caches."""

    def free_memory_bytes(self) -> int | None:
        """Return how many bytes training may still use; None if unknown."""
        return None

    def reset_peak_memory(self) -> None:
        """Reset the peak that `peak_memory_bytes` returns."""

    def peak_memory_bytes(self) -> int | None:
        """Return the peak bytes used by tensors since the last reset; None if not measured."""
        return None
