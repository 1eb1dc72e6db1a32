"""How much memory a trial takes on the device at its peak, told before it runs, and which batch would fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

from dawnbench.engine.device import Device
from dawnbench.engine.device.common import Footprint
from dawnbench.engine.probe import DataShape, Line, probe
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe

SMALLEST_ADVICE = 16
"""Batches that are suggested to the user are multiples of this."""


@dataclass(frozen=True)
class MemoryForecast:
    """What a trial takes on the device, by the batch size."""

    present: int
    """Bytes of what is there before the trial: on the CPU, the data set."""
    floor: int
    """Bytes at the peak of what does not depend on the batch size: preparing the data, validating."""
    training: tuple[Line, ...]
    """Bytes by batch size after each operation of two training steps."""
    footprint: Footprint
    """What the device takes beyond the tensors themselves."""

    def peak_bytes(self, batch_size: int) -> int:
        """Return the most bytes that tensors take together at any time of a trial."""
        return max(self.floor, *(math.ceil(line.at(batch_size)) for line in self.training))

    def reserved_bytes(self, batch_size: int) -> int:
        """Return the bytes that the device must have free, what is present included."""
        return self.footprint.reserved(self.peak_bytes(batch_size))

    def largest_batch(self, room: int, multiple_of: int) -> int:
        """Return the largest multiple of `multiple_of` that needs at most `room` bytes; 0 if none."""
        tensors = self.footprint.tensors_in(room)
        if self.floor > tensors:
            return 0
        most = min((line.reaches(tensors) for line in self.training), default=math.inf)
        return int(most) // multiple_of * multiple_of if math.isfinite(most) else 0


def forecast(recipe: Recipe, shape: DataShape, device: Device) -> MemoryForecast | None:
    """Return what a trial of `recipe` on data of this shape takes; None where that cannot be told.

    Nothing is computed: two steps and an evaluation are gone through with tensors that have shapes and no
    values, while every storage is followed. Each lives as long at any batch size and is a constant or grows
    with the batch, so that two batches tell all others.
    """
    sizes = recipe.batch_size, 2 * recipe.batch_size
    first, second = (probe(recipe, shape, device, size) for size in sizes)
    if first is None or second is None:
        return None
    steps = first.training, second.training
    if len(steps[0]) != len(steps[1]):  # the model does something else with more images
        steps = [max(steps[0])], [max(steps[1])]
    lines = tuple(Line.through(sizes, both) for both in zip(*steps, strict=True))
    return MemoryForecast(first.present, first.floor, lines, device.footprint)


def check_memory(recipe: Recipe, shape: DataShape, device: Device) -> int | None:
    """Return the bytes that a trial's tensors will take at their peak; None where that cannot be told.

    Raises:
        DawnbenchError: the trial does not fit; it names a batch that would.
    """
    # Where an epoch keeps its last images, a batch is of all of them at most.
    batch_size = min(recipe.batch_size, shape.train_images)
    told = forecast(replace(recipe, batch_size=batch_size), shape, device)
    if told is None:
        return None
    free = device.free_memory_bytes()
    needed = told.reserved_bytes(batch_size) - told.present
    if free is None or needed <= free:
        return told.peak_bytes(batch_size)
    fitting = told.largest_batch(free + told.present, SMALLEST_ADVICE)
    advice = f"batch_size={fitting} would fit" if fitting else "not even a batch of 16 would fit"
    raise DawnbenchError(
        f"batch_size={recipe.batch_size} needs {needed / 1e9:.1f} GB and {device.torch} has "
        f"{free / 1e9:.1f} GB free; {advice}"
    )


@contextmanager
def out_of_memory_explained(batch_size: int) -> Iterator[None]:
    """Turn an allocation that failed in spite of `check_memory` into a sentence."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        text = str(error)
        known = isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in text
        if not known:
            raise
        raise DawnbenchError(
            f"batch_size={batch_size} ran out of memory ({text.splitlines()[0] if text else 'no details'}); "
            f"try batch_size={max(1, batch_size // 2)}, or end what else holds memory"
        ) from error
