"""Forecast of a trial's peak device memory before it runs, and the batch size that would fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

from dawnbench.engine.device import Device
from dawnbench.engine.device.base import Footprint
from dawnbench.engine.probe import DataShape, Line, probe
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe

MIN_ADVICE = 16
"""Suggested batch sizes are multiples of this."""


@dataclass(frozen=True)
class MemoryForecast:
    """A trial's device memory as a function of the batch size."""

    present: int
    """Bytes in use before the trial: on the CPU, the data set."""
    floor: int
    """Peak bytes of the work that does not depend on the batch size: preparing the data, validating."""
    training: tuple[Line, ...]
    """Bytes as a function of the batch size, after each operation of two training steps."""
    footprint: Footprint
    """What the device needs beyond the tensors themselves."""

    def peak_bytes(self, batch_size: int) -> int:
        """Return the maximum number of bytes that all tensors occupy together during a trial."""
        return max(self.floor, *(math.ceil(line.at(batch_size)) for line in self.training))

    def reserved_bytes(self, batch_size: int) -> int:
        """Return the bytes that the device must have free, including what is already present."""
        return self.footprint.reserved(self.peak_bytes(batch_size))

    def largest_batch(self, available: int, multiple_of: int) -> int:
        """Return the largest multiple of `multiple_of` that needs at most `available` bytes, or 0."""
        tensors = self.footprint.tensors_in(available)
        if self.floor > tensors:
            return 0
        limit = min((line.reaches(tensors) for line in self.training), default=math.inf)
        return int(limit) // multiple_of * multiple_of if math.isfinite(limit) else 0


def forecast(recipe: Recipe, shape: DataShape, device: Device) -> MemoryForecast | None:
    """Return the memory of a trial of `recipe` on data of this shape; None if it cannot be predicted.

    Nothing is computed: two steps and an evaluation run on tensors that have shapes but no values, while
    every storage is tracked. The lifetime of a storage does not depend on the batch size, and its bytes are
    constant or grow linearly with it, so two batch sizes determine all others.
    """
    sizes = recipe.batch_size, 2 * recipe.batch_size
    first, second = (probe(recipe, shape, device, size) for size in sizes)
    if first is None or second is None:
        return None
    steps = first.training, second.training
    if len(steps[0]) != len(steps[1]):  # the model does something different with more images
        steps = [max(steps[0])], [max(steps[1])]
    lines = tuple(Line.through(sizes, both) for both in zip(*steps, strict=True))
    return MemoryForecast(first.present, first.floor, lines, device.footprint)


def check_memory(recipe: Recipe, shape: DataShape, device: Device) -> int | None:
    """Return the peak bytes that a trial's tensors will occupy; None if that cannot be predicted.

    Raises:
        DawnbenchError: the trial does not fit; the message names a batch size that would.
    """
    # If an epoch keeps its last images, a batch holds at most all of them.
    batch_size = min(recipe.batch_size, shape.train_images)
    recipe_of_batch = replace(recipe, batch_size=batch_size)
    probed = probe(recipe_of_batch, shape, device, batch_size)
    if probed is None:
        return None
    free = device.free_memory_bytes()
    needed = device.footprint.reserved(probed.peak) - probed.present
    if free is None or needed <= free:
        return probed.peak
    predicted = forecast(recipe_of_batch, shape, device)
    fitting = predicted.largest_batch(free + predicted.present, MIN_ADVICE) if predicted else 0
    advice = f"batch_size={fitting} would fit" if fitting else "not even a batch of 16 would fit"
    raise DawnbenchError(
        f"batch_size={recipe.batch_size} needs {needed / 1e9:.1f} GB and {device.torch} has "
        f"{free / 1e9:.1f} GB free; {advice}"
    )


@contextmanager
def explain_out_of_memory(batch_size: int) -> Iterator[None]:
    """Turn an allocation failure that `check_memory` did not predict into a clear message."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        text = str(error)
        known = isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in text
        if not known:
            raise
        raise DawnbenchError(
            f"batch_size={batch_size} ran out of memory ({text.splitlines()[0] if text else 'no details'}); "
            f"try batch_size={max(1, batch_size // 2)}, or close other programs that use memory"
        ) from error
