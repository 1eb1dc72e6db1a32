"""What the training loop asks of a device, answered for one that has only the host's clock."""

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
    """What a device needs beyond the bytes of the tensors that live at the same time."""

    share: float = 0.0
    """Of these bytes: the gaps between blocks, and what kernels take while they run."""
    fixed: int = 0
    """Bytes that libraries keep for themselves."""

    def reserved(self, tensors: int) -> int:
        """Return the bytes that the device must have for `tensors` bytes."""
        return math.ceil(tensors * (1 + self.share)) + self.fixed

    def tensors_in(self, room: int) -> int:
        """Return how many bytes of tensors there may be in `room` bytes."""
        return max(0, math.floor((room - self.fixed) / (1 + self.share)))


class CaptureError(Exception):
    """A step cannot be captured; the message says why."""


class Device:
    """One device, its clock, its memory and its number formats."""

    uuid: str | None = None
    """By which NVML knows it."""
    fused_optimizers = False
    """Whether torch's fused optimizers run here."""

    compiling_pays = False
    """Whether torch.compile makes training faster here."""
    captures = False
    """Whether `capture` records a step, which then finds its rates in tensors."""
    footprint = Footprint(share=0.1)
    """Of which nobody has measured more than that a tenth is enough."""
    shares_host_memory = False
    """Whether a tensor in host memory is on the device as it is."""

    def __init__(self, name: str) -> None:
        self.torch = torch.device(name)

    @property
    def product_name(self) -> str:
        """The name that its maker gave it."""
        return str(self.torch)

    @property
    def threads(self) -> int | None:
        """How many threads of the processor compute; None where another device does."""
        return None

    def tune(self) -> None:
        """Set what makes every training on this device faster; for the whole process.

        Raises:
            DawnbenchError: a folder that this needs cannot be used.
        """

    def mark(self) -> Any:
        """Return this point in the device's stream of work, for `elapsed_ns`; never waits."""
        return time.perf_counter_ns()

    def elapsed_ns(self, start: Any, end: Any) -> int:
        """Return the nanoseconds of device time between two marks; waits until `end` has passed."""
        return int(end - start)

    def synchronize(self) -> None:
        """Wait until the device has done all that it was given."""

    def generator(self, seed: int) -> torch.Generator:
        """Return a source of random numbers on this device."""
        return torch.Generator(self.torch).manual_seed(seed)

    def random_state(self) -> Tensor:
        """Return the state of the generator from which layers such as a dropout draw on this device."""
        return torch.get_rng_state()

    def set_random_state(self, state: Tensor) -> None:
        """Go on from what `random_state` returned."""
        torch.set_rng_state(state)

    def preferred_precision(self) -> str:
        """Return the fastest of fp32, bf16 and fp16 that a recipe may train in here."""
        return "fp32"

    def to_host_memory(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the array in the kind of host memory from which it reaches the device fastest."""
        return array

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        """Return what does the same as `function`, as fast as this device can.

        `function` reads and changes the same tensors whenever it is called; it may be called here.

        Raises:
            CaptureError: it cannot be captured; random numbers and memory are as if nothing had been tried.
        """
        return function

    def release_cache(self) -> None:
        """Give back the memory that the allocator keeps for later."""

    def free_memory_bytes(self) -> int | None:
        """Return how much a training may still take; None where that cannot be told."""
        return None

    def reset_peak_memory(self) -> None:
        """Begin a new count for `peak_memory_bytes`."""

    def peak_memory_bytes(self) -> int | None:
        """Return the most that tensors took since the last reset; None where nobody counts."""
        return None
