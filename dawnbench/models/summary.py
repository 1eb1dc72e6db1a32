"""A model's layers, parameters and arithmetic, counted on the meta device: nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dawnbench.records.schema import LayerRecord, ModelRecord


def layers(model: nn.Module, image: tuple[int, int, int], batch_size: int) -> tuple[LayerRecord, ...]:
    """Return the leaf modules in the order in which a forward pass runs them.

    `model` lies on the meta device; `image` is (channels, height, width).
    """
    found: list[LayerRecord] = []

    def record(name: str, module: nn.Module) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            own = sum(p.numel() for p in module.parameters(recurse=False) if p.requires_grad)
            found.append(LayerRecord(name, type(module).__name__, tuple(output.shape[1:]), own))

        return module.register_forward_hook(hook)

    leaves = [(name, m) for name, m in model.named_modules() if not any(True for _ in m.children())]
    handles = [record(name, module) for name, module in leaves]
    model(torch.empty(batch_size, *image, device="meta"))
    for handle in handles:
        handle.remove()
    return tuple(found)


def step_flops(model: nn.Module, image: tuple[int, int, int], batch_size: int) -> int:
    """Return the floating-point operations of one forward and backward pass, by torch's own counter."""
    images = torch.empty(batch_size, *image, device="meta")
    with FlopCounterMode(display=False) as counter:
        model(images).sum().backward()
    return int(counter.get_total_flops())


def summarise(
    model: nn.Module, image: tuple[int, int, int], batch_size: int, steps: Mapping[int, int]
) -> ModelRecord:
    """Return the record of a model that lies on the meta device.

    `image` is (channels, height, width) in full size, and `steps` says how many steps of a trial are done on
    images of each height and width.
    """
    model.train()
    flops = {size: step_flops(model, (image[0], size, size), batch_size) for size in {image[1], *steps}}
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    every = sum(p.numel() for p in model.parameters())
    whitening = sum(b.numel() for name, b in model.named_buffers() if name.endswith("whiten.weight"))
    return ModelRecord(
        layers=layers(model, image, batch_size),
        parameters=trained,
        fixed_parameters=every - trained + whitening,
        flops_per_step=flops[image[1]],
        flops_per_trial=sum(flops[size] * count for size, count in steps.items()),
    )
