"""A bare training loop, written from scratch as a yardstick: it shares no code with dawnbench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512)
PARAMETERS = 6_573_120
"""Of DavidNet at `WIDTHS`, for 3 channels and 10 classes."""


class Shortcut(nn.Sequential):
    """The sum of its input and of what its layers make of it."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class Scale(nn.Module):
    """A constant factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def conv_bn_relu(inputs: int, outputs: int) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def davidnet(widths: tuple[int, ...] = WIDTHS, classes: int = 10) -> nn.Sequential:
    """Return the nine-layer network of the 24-epoch entry for (N, 3, 32, 32)."""
    a, b, c, d = widths
    return nn.Sequential(
        *conv_bn_relu(3, a),
        *conv_bn_relu(a, b),
        nn.MaxPool2d(2),
        Shortcut(*conv_bn_relu(b, b), *conv_bn_relu(b, b)),
        *conv_bn_relu(b, c),
        nn.MaxPool2d(2),
        *conv_bn_relu(c, d),
        nn.MaxPool2d(2),
        Shortcut(*conv_bn_relu(d, d), *conv_bn_relu(d, d)),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(d, classes, bias=False),
        Scale(0.125),
    )


def training_steps(
    device: torch.device, batch: int, widths: tuple[int, ...] = WIDTHS, bf16: bool = False
) -> Iterator[None]:
    """Train on one batch of random images forever; each step is one `next`.

    fp32 in contiguous memory, or bf16 autocast in channels_last.
    """
    layout = torch.channels_last if bf16 else torch.contiguous_format
    model = davidnet(widths).to(device, memory_format=layout)
    images = torch.randn(batch, 3, 32, 32, device=device).to(memory_format=layout)
    labels = torch.randint(10, (batch,), device=device)
    sgd = torch.optim.SGD(
        model.parameters(), lr=0.1 / batch, momentum=0.9, weight_decay=5e-4 * batch, nesterov=True
    )
    precision: Callable[[], AbstractContextManager[Any]] = (
        (lambda: torch.autocast(device.type, torch.bfloat16)) if bf16 else nullcontext
    )
    while True:
        sgd.zero_grad()
        with precision():
            logits = model(images)
        F.cross_entropy(logits.float(), labels, reduction="sum").backward()
        sgd.step()
        yield
