"""How much memory a trial takes on the device at its peak, told before it runs, and which batch would fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from dawnbench.errors import DawnbenchError
from dawnbench.train.device import Device
from dawnbench.train.plan import Plan, Split
from dawnbench.train.probe import Line, preparation, probe_sizes, probed_lines

SMALLEST_ADVICE = 16
"""Batches that are named to the user are multiples of this."""
SPARED = 0.1
"""Of the free memory, where a batch is named: kernels' workspaces and gaps between blocks are not told."""


@dataclass(frozen=True)
class MemoryForecast:
    """What a trial takes on the device, by the batch size."""

    present: int
    """Bytes of what lies there before the trial: the weights, and on the CPU the data set."""
    floor: int
    """Bytes at the peak of what does not hang on the batch size: preparing the data, validating."""
    training: tuple[Line, ...]
    """Bytes by batch size after each operation of two training steps."""

    def peak_bytes(self, batch_size: int) -> int:
        """Return the most bytes that tensors take together at any time of a trial."""
        return max(self.floor, *(math.ceil(line.at(batch_size)) for line in self.training))

    def largest_batch(self, room: int, multiple_of: int) -> int:
        """Return the largest multiple of `multiple_of` whose peak is at most `room` bytes; 0 if none."""
        if self.floor > room:
            return 0
        most = min((line.reaches(room) for line in self.training), default=math.inf)
        return int(most) // multiple_of * multiple_of if math.isfinite(most) else 0


def forecast(plan: Plan, train: Split, validation: Split, device: Device) -> MemoryForecast | None:
    """Return what a trial of `plan` will take; None where the model takes no batch of a probe's size.

    The splits lie in host memory. The data is prepared once as a trial does it. Then a few images go through
    two steps, and twice as many again, while every storage is followed; each lives as long at any batch size
    and is a constant or grows with the batch, so that two batches tell all others. The model's weights are
    spoilt, as by any training; a trial draws them anew.
    """
    prepared = preparation(plan, train, validation, device)
    sizes = probe_sizes(plan, prepared, device)
    if sizes is None:
        return None
    checked = min(plan.evaluation.batch_size, len(validation.labels))
    lines = probed_lines(plan, prepared, device, sizes)
    validating = max(line.at(checked) for line in lines.validation)
    return MemoryForecast(
        present=prepared.present_bytes,
        floor=max(prepared.peak_bytes, math.ceil(validating)),
        training=lines.training,
    )


def check_memory(plan: Plan, train: Split, validation: Split, device: Device) -> int | None:
    """Return the bytes that a trial will take at its peak; None where they cannot be told.

    Raises:
        DawnbenchError: they do not fit; it names a batch that would.
    """
    told = forecast(plan, train, validation, device)
    if told is None:
        return None
    needed = told.peak_bytes(plan.batch_size)
    free = device.free_memory_bytes()
    if free is None or needed - told.present <= free:
        return needed
    fitting = told.largest_batch(int(free * (1 - SPARED)) + told.present, SMALLEST_ADVICE)
    advice = f"batch_size={fitting} would fit" if fitting else "not even a batch of 16 would fit"
    raise DawnbenchError(
        f"batch_size={plan.batch_size} needs {(needed - told.present) / 1e9:.1f} GB and {device.torch} has "
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
