"""A trial gone through without computing anything, with every byte followed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from dawnbench.engine.device import Device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.live_bytes import LiveBytes
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.resident import Split
from dawnbench.engine.trial import Trial
from dawnbench.recipes.recipe import Recipe

STEPS = 2
"""The first makes the optimizer's state; the second finds it there."""
FIT_IMAGES = 10_000
"""Training images that a probe has if the data set does: as many as any model here is fitted to."""
LABEL_BYTES = 8


@dataclass(frozen=True)
class DataShape:
    """What a data set is like, as far as memory is concerned."""

    train_images: int
    validation_images: int
    height: int
    width: int
    channels: int
    classes: int


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


@dataclass(frozen=True)
class Probed:
    """The bytes of one probe."""

    present: int
    """Of what is there from the start: on the CPU, the data set in host memory."""
    floor: int
    """At the peak outside the training steps."""
    training: list[int]
    """After each operation of the training steps."""


class ProbeDevice(Device):
    """Stands for another device, of which it has the preferences and nothing else."""

    def __init__(self, real: Device) -> None:
        super().__init__("cpu")
        self._precision = real.preferred_precision()
        self.shares_host_memory = real.shares_host_memory

    def preferred_precision(self) -> str:
        """Return that of the other device."""
        return self._precision


def probe(recipe: Recipe, shape: DataShape, device: Device, batch_size: int) -> Probed | None:
    """Return the bytes of a trial with such batches; None where a part looks at values."""
    images = max(2 * STEPS * recipe.batch_size, min(shape.train_images, FIT_IMAGES))
    sized = replace(recipe, batch_size=batch_size, compile=False, resolutions=(), epochs=1)
    # However a part asks for values that are not there, torch raises a RuntimeError.
    with _fake_tensors(), suppress(RuntimeError):
        checked = min(shape.validation_images, 2 * recipe.evaluation.batch_size)
        train, validation = _split(shape, images), _split(shape, checked)
        held = [train.images, train.labels, validation.images, validation.labels]
        # Of a device with memory of its own, what lies in the host's does not count.
        with LiveBytes(torch.device("cpu"), held if device.shares_host_memory else ()) as live:
            prepared = Prepared(sized, train, validation, shape.classes, ProbeDevice(device))
            trial = Trial(prepared, 0, Ledger(prepared.device))
            begun = len(live.timeline)
            trial.begin_epoch()
            for _ in range(STEPS):
                trial.train_step()
            trained = len(live.timeline)
            prepared.optimizer.zero_grad()
            prepared.evaluation()
        more_images = shape.train_images - images + shape.validation_images - checked
        stored, made = _bytes_per_image(recipe, shape, device)
        timeline = [present + more_images * (stored + made) for present in live.timeline]
        outside = timeline[:begun] + timeline[trained:]
        return Probed(live.timeline[0] + more_images * stored, max(outside), timeline[begun:trained])
    return None


def _bytes_per_image(recipe: Recipe, shape: DataShape, device: Device) -> tuple[int, int]:
    """Return what an image and its label take where they were before the trial, and where it brings them."""
    stored, size = shape.height * shape.width * shape.channels, recipe.dataset.image_size
    made = size * size * shape.channels
    if not device.shares_host_memory:
        return 0, made + LABEL_BYTES
    same = (shape.height, shape.width) == (size, size)
    return stored + LABEL_BYTES, 0 if same else made + LABEL_BYTES


@contextmanager
def _fake_tensors() -> Iterator[None]:
    """Let tensors have shapes and no values."""
    # An average may copy the model. torch's own copy takes over storages that have no bytes, and the process
    # crashes as it ends.
    FakeTensor.__deepcopy__ = _copy  # type: ignore[method-assign]
    try:
        with FakeTensorMode(allow_non_fake_inputs=True):
            yield
    finally:
        del FakeTensor.__deepcopy__


def _copy(tensor: Tensor, _memo: dict[int, Any]) -> Tensor:
    copy = tensor.detach().clone()
    return nn.Parameter(copy, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else copy


def _split(shape: DataShape, count: int) -> Split:
    images = torch.empty(count, shape.height, shape.width, shape.channels, dtype=torch.uint8)
    return Split(images, torch.empty(count, dtype=torch.int64))
