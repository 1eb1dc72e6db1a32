"""How much memory a training step takes, and which batch would fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn

from dawnbench.errors import DawnbenchError
from dawnbench.train.device import Device
from dawnbench.train.plan import Plan

PROBE_IMAGES = 32
TRANSIENT = 1.3
"""A backward pass holds a few gradients beside what the forward pass saved; measured on DavidNet."""
COPIES = 4
"""Weights, gradients, momenta, and an average of the weights."""


def saved_bytes_per_image(model: nn.Module, images: Tensor, device: Device, precision: str) -> float:
    """Return the bytes that a forward pass keeps for the backward one, for each of `images` (B, C, H, W).

    Raises:
        ValueError: the model does not take so small a batch.
    """
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    def unpack(saved: Any) -> Any:
        return saved

    model.train()
    with torch.autograd.graph.saved_tensors_hooks(keep, unpack), device.autocast(precision):
        output = model(images)
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    del output
    return sum(size for pointer, size in storages.items() if pointer not in weights) / len(images)


def largest_batch(free: int, fixed: int, per_image: float, multiple_of: int) -> int:
    """Return the largest multiple of `multiple_of` that fits into `free` bytes beside `fixed`; 0 if none."""
    room = max(0.0, free - fixed)
    return int(room / (per_image * TRANSIENT)) // multiple_of * multiple_of


def check_memory(plan: Plan, image: tuple[int, int, int], data_bytes: int, device: Device) -> None:
    """Raise DawnbenchError, naming a batch that would fit, where a step would not fit into memory.

    `image` is (channels, height, width) as the model takes it, `data_bytes` what both splits take there.
    """
    free = device.free_memory_bytes()
    if free is None:
        return
    per_image = _bytes_per_image(plan, image, device)
    weights = sum(p.numel() * p.element_size() for p in plan.model.parameters())
    fixed = weights * COPIES + data_bytes
    needed = fixed + per_image * TRANSIENT * plan.batch_size
    if needed <= free:
        return
    fitting = largest_batch(free, fixed, per_image, 16) if per_image else 0
    advice = f"batch_size={fitting} would fit" if fitting else "not even a batch of 16 would fit"
    raise DawnbenchError(
        f"batch_size={plan.batch_size} needs about {needed / 1e9:.1f} GB and {device.torch} has "
        f"{free / 1e9:.1f} GB free; {advice}"
    )


def _bytes_per_image(plan: Plan, image: tuple[int, int, int], device: Device) -> float:
    """Measure on a few images: as few as the model takes."""
    for count in range(min(PROBE_IMAGES, plan.batch_size), plan.batch_size + 1):
        probe = torch.zeros(count, *image, device=device.torch).to(memory_format=torch.channels_last)
        with suppress(ValueError):  # a ghost norm splits only multiples of its parts
            return saved_bytes_per_image(plan.model, probe, device, plan.precision)
    return 0.0


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
