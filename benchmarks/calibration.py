"""A training step that never changes, to measure other steps by.

A step's time over this one's, both taken in one process turn by turn, says something on another machine as
well, which its seconds do not. Nothing here may change, or every ratio that was kept means something else:
whoever must change it raises `VERSION` and measures `benchmarks/baselines/step_times.json` anew. For the same
reason it shares no code with dawnbench nor with the other benchmarks.
"""

from __future__ import annotations

import time
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn

VERSION = 1
BATCH, SIDE, CLASSES = 32, 32, 10


class Calibration:
    """Forward, backward and SGD of a small convolutional network in fp32, on one batch of random images."""

    def __init__(self, device: str = "cpu") -> None:
        generator = torch.Generator().manual_seed(0)
        self._images = torch.randn(BATCH, 3, SIDE, SIDE, generator=generator).to(device)
        self._labels = (torch.arange(BATCH) % CLASSES).to(device)
        self._network = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(4),
            nn.Flatten(),
            nn.Linear(1024, CLASSES),
        ).to(device)
        self._sgd = torch.optim.SGD(self._network.parameters(), lr=0.001, momentum=0.9)

    def step(self) -> None:
        self._sgd.zero_grad()
        F.cross_entropy(self._network(self._images), self._labels).backward()
        self._sgd.step()

    def seconds(self, steps: int) -> float:
        """Return the median time of some steps."""
        found = []
        for _ in range(steps):
            began = time.perf_counter()
            self.step()
            found.append(time.perf_counter() - began)
        return median(found)
