"""How much memory a training step takes, and which batch would fit."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from dawnbench.errors import DawnbenchError
from dawnbench.train.device import Device
from dawnbench.train.plan import Plan, Split

PROBE_IMAGES = 32
TRANSIENT = 1.3
"""A backward pass holds a few gradients beside what the forward pass saved; measured on DavidNet."""
COPIES = 4
"""Weights, gradients, momenta, and an average of the weights."""


def saved_bytes_per_image(model: nn.Module, images: Tensor, device: Device, precision: str) -> float:
    """Return the bytes that a forward pass keeps for the backward one, for each of `images` (B, C, H, W)."""
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


def check_memory(plan: Plan, images: int, shape: tuple[int, int, int], device: Device) -> None:
    """Raise DawnbenchError, naming a batch that would fit, where a step would not fit into memory.

    `images` is how many of `shape` (height, width, channels), as stored, both splits hold. One batch of black
    images is augmented on the way, so that an augmentation that does not fit the images is found as well.
    """
    black = Split(
        torch.zeros(plan.batch_size, *shape, dtype=torch.uint8),
        torch.zeros(plan.batch_size, dtype=torch.int64),
    )
    placed = plan.place(black)
    batches = plan.make_batches(placed, plan.make_normalization(placed), device.generator(0))
    batch, _ = next(batches.epoch())
    free = device.free_memory_bytes()
    if free is None:
        return
    per_image = saved_bytes_per_image(plan.model, batch[:PROBE_IMAGES], device, plan.precision)
    weights = sum(p.numel() * p.element_size() for p in plan.model.parameters())
    fixed = weights * COPIES + images * placed.images[0].numel()
    needed = fixed + per_image * TRANSIENT * plan.batch_size
    if needed <= free:
        return
    fitting = largest_batch(free, fixed, per_image, 16)
    advice = f"batch_size={fitting} would fit" if fitting else "not even a batch of 16 would fit"
    raise DawnbenchError(
        f"batch_size={plan.batch_size} needs about {needed / 1e9:.1f} GB and {device.torch} has "
        f"{free / 1e9:.1f} GB free; {advice}"
    )


def explain_out_of_memory(error: Exception, batch_size: int) -> DawnbenchError | None:
    """Return the sentence for an allocation that failed despite `check_memory`; None for other errors."""
    text = str(error)
    if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "can't allocate memory" not in text:
        return None
    return DawnbenchError(
        f"batch_size={batch_size} ran out of memory ({text.splitlines()[0] if text else 'no details'}); "
        f"try batch_size={max(1, batch_size // 2)}, or end what else holds memory"
    )
