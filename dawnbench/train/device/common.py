"""What the training loop asks of a device, answered for one that has a host clock and nothing more."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from dawnbench.errors import DawnbenchError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Device:
    """One device, its clock, its memory and its number formats."""

    uuid: str | None = None
    """By which NVML knows it."""
    fused_optimizers = False
    """Whether torch's fused optimizers run here."""

    compiling_pays = False
    """Whether torch.compile makes training faster here."""

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
        """Set what makes every training on this device faster; for the whole process."""

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

    def preferred_precision(self) -> str:
        """Return the fastest of fp32, bf16 and fp16 that a recipe may train in here."""
        return "fp32"

    def autocast(self, precision: str) -> AbstractContextManager[Any]:
        """Return the context in which a forward pass runs in `precision`.

        Raises:
            DawnbenchError: this device's autocast lacks the precision.
        """
        if precision == "fp32":
            return nullcontext()
        try:
            return torch.autocast(self.torch.type, DTYPES[precision])
        except RuntimeError as error:
            raise DawnbenchError(
                f"precision {precision} is not to be had on {self.torch}; use precision=fp32"
            ) from error

    def scalar(self, value: float) -> float | Tensor:
        """Return a number as a captured step reads it; changed in place where it is a tensor."""
        return value

    def capture(
        self, function: Callable[[Tensor, Tensor], None], first: Tensor, second: Tensor
    ) -> Callable[[Tensor, Tensor], None]:
        """Return what does the same as `function`, on tensors of the same shapes, as fast as this device can.

        `function` may be called on the examples; it waits for nothing and always changes the same tensors.
        """
        return function

    def free_memory_bytes(self) -> int | None:
        """Return how much a training may still take; None where that cannot be told."""
        return None

    def reset_peak_memory(self) -> None:
        """Begin a new count for `peak_memory_bytes`."""

    def peak_memory_bytes(self) -> int | None:
        """Return the most that tensors took since the last reset; None where nobody counts."""
        return None
