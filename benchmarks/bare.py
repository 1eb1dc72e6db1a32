"""A bare training loop of DavidNet, written from scratch as a yardstick: it shares no code with dawnbench.

`python -m benchmarks.bare fp32|bf16 --batch 512 --steps 4 [--widths 64,128,256,512] [--device cpu]` prints
the seconds of each step as JSON: fp32 in contiguous memory, or bf16 autocast in channels_last.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PARAMETERS = 6_573_120
"""Of the network at its own widths, for 3 channels and 10 classes."""


class Shortcut(nn.Sequential):
    """The sum of its input and of what its layers make of it."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class DavidNet(nn.Sequential):
    """The nine-layer network of the 24-epoch entry for (N, 3, 32, 32)."""

    def __init__(self, a: int = 64, b: int = 128, c: int = 256, d: int = 512) -> None:
        def block(inputs: int, outputs: int) -> list[nn.Module]:
            conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]

        super().__init__(
            *(*block(3, a), *block(a, b), nn.MaxPool2d(2), Shortcut(*block(b, b), *block(b, b))),
            *(*block(b, c), nn.MaxPool2d(2)),
            *(*block(c, d), nn.MaxPool2d(2), Shortcut(*block(d, d), *block(d, d))),
            *(nn.MaxPool2d(4), nn.Flatten(), nn.Linear(d, 10, bias=False)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return 0.125 * super().forward(x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("precision", choices=("fp32", "bf16"))
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--widths", default="64,128,256,512")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    given = parser.parse_args()
    bf16 = given.precision == "bf16"
    layout = torch.channels_last if bf16 else torch.contiguous_format
    model = DavidNet(*map(int, given.widths.split(","))).to(given.device, memory_format=layout)
    images = torch.randn(given.batch, 3, 32, 32, device=given.device).to(memory_format=layout)
    labels = torch.randint(10, (given.batch,), device=given.device)
    settings = {"lr": 0.1 / given.batch, "momentum": 0.9, "weight_decay": 5e-4 * given.batch}
    sgd = torch.optim.SGD(model.parameters(), nesterov=True, **settings)
    marks = []
    for _ in range(given.steps + 2):  # the first step warms up
        if given.device == "cuda":
            torch.cuda.synchronize()
        marks.append(time.perf_counter())
        sgd.zero_grad()
        with torch.autocast(given.device, torch.bfloat16, enabled=bf16):
            logits = model(images)
        F.cross_entropy(logits.float(), labels, reduction="sum").backward()
        sgd.step()
    print(json.dumps([end - start for start, end in pairwise(marks[1:])]))


if __name__ == "__main__":
    main()
