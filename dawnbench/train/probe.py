"""A trial in small: its steps on a few images, with every byte followed."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from dawnbench.train.device import Device
from dawnbench.train.evaluate import evaluate
from dawnbench.train.live_bytes import LiveBytes
from dawnbench.train.plan import Normalize, Plan, Split
from dawnbench.train.step import TrainingStep

PROBE_IMAGES = 32
STEPS = 2
"""The first makes the optimizer's state; the second finds it there."""


@dataclass(frozen=True)
class Line:
    """Bytes as a straight line over the images of a batch."""

    fixed: float
    per_image: float

    @classmethod
    def through(cls, sizes: tuple[int, int], measured: tuple[int, int]) -> Line:
        """Return the line through the bytes measured with two numbers of images."""
        per_image = (measured[1] - measured[0]) / (sizes[1] - sizes[0])
        return cls(measured[0] - per_image * sizes[0], per_image)

    def at(self, images: int) -> float:
        """Return the bytes with so many images."""
        return self.fixed + self.per_image * images

    def reaches(self, room: int) -> float:
        """Return with how many images the line reaches `room` bytes; infinite if with none."""
        if self.fixed > room:
            return 0.0
        return (room - self.fixed) / self.per_image if self.per_image > 0 else math.inf


class Prepared(NamedTuple):
    """The data as a trial has it before its first step, and what it took to get there."""

    train: Split
    validation: Split
    normalize: Normalize
    present_bytes: int
    """Of the weights, and on the CPU of the data."""
    peak_bytes: int

    def pixels(self, count: int) -> Tensor:
        """Return so many black images (count, H, W, C)."""
        like = self.train.images
        return torch.zeros(count, *like.shape[1:], dtype=like.dtype, device=like.device)

    def images(self, count: int) -> Tensor:
        """Return so many black images (count, C, H, W) as the model takes them."""
        return self.normalize(self.pixels(count))


def preparation(plan: Plan, train: Split, validation: Split, device: Device) -> Prepared:
    """Bring both splits from host memory to the device and compute what is computed from them."""
    held = [*_weights(plan), train.images, train.labels, validation.images, validation.labels]
    plan.model.train()
    with LiveBytes(device.torch, held) as live:
        placed = plan.place(train)
        placed_validation = plan.place(validation)
        normalize = plan.make_normalization(placed)
        plan.fit(placed, normalize)
    return Prepared(placed, placed_validation, normalize, live.timeline[0], max(live.timeline))


def probe_sizes(plan: Plan, prepared: Prepared, device: Device) -> tuple[int, int] | None:
    """Return two numbers of images, as small as the model takes; None where it takes none up to a batch."""
    plan.model.train()
    for count in range(min(PROBE_IMAGES, plan.batch_size), plan.batch_size + 1):
        # A ghost norm splits only multiples of its parts.
        with suppress(ValueError), torch.no_grad(), device.autocast(plan.precision):
            plan.model(prepared.images(count))
            return count, 2 * count
    return None


class Lines(NamedTuple):
    """Bytes by images after each operation of the parts of a trial."""

    training: tuple[Line, ...]
    validation: tuple[Line, ...]


def probed_lines(plan: Plan, prepared: Prepared, device: Device, sizes: tuple[int, int]) -> Lines:
    """Return the bytes of `STEPS` training steps and of a validation batch."""
    small, large = (_bytes_with(size, plan, prepared, device) for size in sizes)
    return Lines(_lines(sizes, small[0], large[0]), _lines(sizes, small[1], large[1]))


def _bytes_with(count: int, plan: Plan, prepared: Prepared, device: Device) -> tuple[list[int], list[int]]:
    """Return the bytes after each operation of the training and of the validation."""
    labels = torch.zeros(count, dtype=torch.int64, device=device.torch)
    plan.model.train()
    with LiveBytes(device.torch, _held(plan, prepared)) as live:
        optimizer = plan.make_optimizer()
        # A compiler would be long about it; what it makes takes no more.
        step = TrainingStep(replace(plan, forward=plan.model, batch_size=count), device, optimizer)
        average = None if plan.make_average is None else plan.make_average()
        for done in range(1, STEPS + 1):
            step(prepared.images(count), labels)
            if average is not None:
                average.update(done, STEPS)
        trained = len(live.timeline)
        evaluate(
            plan.model if average is None else average.model,
            Split(prepared.pixels(count), labels),
            prepared.normalize,
            replace(plan.evaluation, batch_size=count),
            device,
            plan.precision,
        )
    optimizer.zero_grad()
    return live.timeline[:trained], live.timeline[trained:]


def _lines(sizes: tuple[int, int], small: list[int], large: list[int]) -> tuple[Line, ...]:
    if len(small) != len(large):  # the model does something else with more images
        small, large = [max(small)], [max(large)]
    return tuple(Line.through(sizes, both) for both in zip(small, large, strict=True))


def _held(plan: Plan, prepared: Prepared) -> list[Tensor]:
    splits = (prepared.train, prepared.validation)
    return [*_weights(plan), *(tensor for split in splits for tensor in (split.images, split.labels))]


def _weights(plan: Plan) -> list[Tensor]:
    return [*plan.model.parameters(), *plan.model.buffers()]
