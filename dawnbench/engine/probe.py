"""A dry run of a trial that computes nothing but tracks every byte."""

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
"""The first step creates the optimizer's state; the second runs with it in place."""
FIT_IMAGES = 10_000
"""Training images in a probe, if the data set has that many: as many as any model here is fitted to."""
LABEL_BYTES = 8


@dataclass(frozen=True)
class DataShape:
    """The dimensions of a data set, which determine its memory."""

    train_images: int
    validation_images: int
    height: int
    width: int
    channels: int
    classes: int


@dataclass(frozen=True)
class Line:
    """Bytes as a linear function of the batch size."""

    fixed: float
    per_image: float

    @classmethod
    def through(cls, sizes: tuple[int, int], measured: tuple[int, int]) -> Line:
        """Return the line through the bytes measured with two batch sizes."""
        per_image = (measured[1] - measured[0]) / (sizes[1] - sizes[0])
        return cls(measured[0] - per_image * sizes[0], per_image)

    def at(self, images: int) -> float:
        """Return the bytes for a batch of `images`."""
        return self.fixed + self.per_image * images

    def reaches(self, limit: int) -> float:
        """Return the number of images at which the line reaches `limit` bytes; infinite if it never does."""
        if self.fixed > limit:
            return 0.0
        return (limit - self.fixed) / self.per_image if self.per_image > 0 else math.inf


@dataclass(frozen=True)
class Probed:
    """The bytes measured by one probe."""

    present: int
    """In use from the start: on the CPU, the data set in host memory."""
    floor: int
    """The peak outside the training steps."""
    training: list[int]
    """After each operation of the training steps."""

    @property
    def peak(self) -> int:
        """The maximum that all tensors occupy together during a trial."""
        return max(self.floor, *self.training)


class ProbeDevice(Device):
    """Stands in for another device, sharing only its preferences."""

    def __init__(self, real: Device) -> None:
        super().__init__("cpu")
        self._precision = real.preferred_precision()
        self.shares_host_memory = real.shares_host_memory

    def preferred_precision(self) -> str:
        """Return the preference of the other device."""
        return self._precision


def probe(recipe: Recipe, shape: DataShape, device: Device, batch_size: int) -> Probed | None:
    """Return the bytes of a trial with this batch size; None if a part reads tensor values."""
    images = max(2 * STEPS * recipe.batch_size, min(shape.train_images, FIT_IMAGES))
    sized = replace(recipe, batch_size=batch_size, compile=False, resolutions=(), epochs=1, weights=None)
    # If a part reads values that do not exist, torch raises a RuntimeError.
    with _fake_tensors(), suppress(RuntimeError):
        checked = min(shape.validation_images, 2 * recipe.evaluation.batch_size)
        train, validation = _split(shape, images), _split(shape, checked)
        held = [train.images, train.labels, validation.images, validation.labels]
        # If the device has its own memory, host memory does not count.
        with LiveBytes(torch.device("cpu"), held if device.shares_host_memory else ()) as live:
            prepared = Prepared(sized, train, validation, shape.classes, ProbeDevice(device))
            trial = Trial(prepared, 0, Ledger(prepared.device))
            started = len(live.timeline)
            trial.begin_epoch()
            for _ in range(STEPS):
                trial.train_step()
            trained = len(live.timeline)
            prepared.optimizer.zero_grad()
            prepared.evaluation()
        more_images = shape.train_images - images + shape.validation_images - checked
        stored, made = _bytes_per_image(recipe, shape, device)
        timeline = [present + more_images * (stored + made) for present in live.timeline]
        outside = timeline[:started] + timeline[trained:]
        return Probed(live.timeline[0] + more_images * stored, max(outside), timeline[started:trained])
    return None


def _bytes_per_image(recipe: Recipe, shape: DataShape, device: Device) -> tuple[int, int]:
    """Return the bytes of an image and its label before the trial, and of the copy that the trial makes."""
    stored, size = shape.height * shape.width * shape.channels, recipe.dataset.image_size
    made = size * size * shape.channels
    if not device.shares_host_memory:
        return 0, made + LABEL_BYTES
    same = (shape.height, shape.width) == (size, size)
    return stored + LABEL_BYTES, 0 if same else made + LABEL_BYTES


@contextmanager
def _fake_tensors() -> Iterator[None]:
    """Make tensors that have shapes but no values."""
    # An average may copy the model. torch's own deepcopy shares storages that have no bytes, which crashes
    # the process at exit.
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
