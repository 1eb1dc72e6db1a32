"""Counts a model's layers, parameters and FLOPs on the meta device, without computing anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dawnbench.models.shapes import OperatorCounter
from dawnbench.records.schema import LayerRecord, ModelRecord

Image = tuple[int, int, int]
"""Channels, height and width."""


class Counter(AbstractContextManager[Any], Protocol):
    """Counts floating-point operations while active."""

    def get_total_flops(self) -> int:
        """Return what was counted."""


def describe(
    make: Callable[[], nn.Module], image: Image, batch_size: int, steps: Mapping[int, int], last: int = 0
) -> ModelRecord:
    """Return the record of the model that `make` builds.

    `image` is the full size (channels, height, width), `steps` is the number of steps of a trial by image
    height and width, and `last` is the size of a smaller last batch, or 0 if there is none.

    Raises:
        RuntimeError, ValueError, TypeError: the model, or torch, does not accept such batches.
    """
    try:
        return _describe(make, image, batch_size, steps, last, OperatorCounter)
    except Exception:
        # If the fast counter fails, torch decides, with its own error message.
        return _describe(make, image, batch_size, steps, last, lambda: FlopCounterMode(display=False))


def _describe(
    make: Callable[[], nn.Module],
    image: Image,
    batch_size: int,
    steps: Mapping[int, int],
    last: int,
    counter: Callable[[], Counter],
) -> ModelRecord:
    with counter(), torch.device("meta"):
        model = make().train()
        if last:
            model(torch.empty(last, *image))
    found, whole = count(model, image, batch_size, counter)
    flops = {
        size: count(model, (image[0], size, size), batch_size, counter)[1] for size in {*steps} - {image[1]}
    }
    flops[image[1]] = whole
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    every = sum(p.numel() for p in model.parameters())
    whitening = sum(b.numel() for name, b in model.named_buffers() if name.endswith("whiten.weight"))
    return ModelRecord(
        layers=found,
        parameters=trained,
        fixed_parameters=every - trained + whitening,
        flops_per_step=whole,
        flops_per_trial=sum(flops[size] * number for size, number in steps.items()),
    )


def count(
    model: nn.Module, image: Image, batch_size: int, counter: Callable[[], Counter] = OperatorCounter
) -> tuple[tuple[LayerRecord, ...], int]:
    """Return the leaf modules in execution order, and the FLOPs of a forward and backward pass.

    `model` must be on the meta device; `image` is (channels, height, width).
    """
    found: list[LayerRecord] = []

    def record(name: str, module: nn.Module) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            own = sum(p.numel() for p in module.parameters(recurse=False) if p.requires_grad)
            found.append(LayerRecord(name, type(module).__name__, tuple(output.shape[1:]), own))

        return module.register_forward_hook(hook)

    leaves = [(name, m) for name, m in model.named_modules() if not any(True for _ in m.children())]
    handles = [record(name, module) for name, module in leaves]
    try:
        with counter() as counted, torch.device("meta"):
            model(torch.empty(batch_size, *image)).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    return tuple(found), int(counted.get_total_flops())
