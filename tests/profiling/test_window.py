"""The steps that are watched, on a fake device whose journal tells the order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from torch import Tensor, nn

from dawnbench.data.dataset import make_dataset
from dawnbench.engine.prepare import prepare
from dawnbench.profiling.profile import run_window
from dawnbench.recipes import ModelPart, find_recipe
from tests.engine.fakes import FakeDevice


class JournalledModel(nn.Linear):
    """One layer that says when it is used."""

    def __init__(self, device: FakeDevice, classes: int) -> None:
        super().__init__(4, classes)
        self.device = device

    def forward(self, images: Tensor) -> Tensor:
        self.device.happened("forward" if self.training else "evaluate", 10)
        return super().forward(images.flatten(1))


@dataclass(frozen=True)
class JournalledSpec(ModelPart, kind="journalled"):
    device: ClassVar[FakeDevice]

    def build(self, channels: int, classes: int) -> nn.Module:
        return JournalledModel(self.device, classes)


def test_the_window_opens_after_one_step_and_holds_whole_steps() -> None:
    device = JournalledSpec.device = FakeDevice()
    quickstart = find_recipe("quickstart")
    size = replace(quickstart.dataset, image_size=2)
    recipe = replace(quickstart, model=JournalledSpec(), dataset=size, augmentation=(), batch_size=4)
    images, labels = np.zeros((12, 2, 2, 1), np.uint8), np.arange(12) % 3
    dataset = make_dataset(
        "black", train_images=images, train_labels=labels, test_images=images, test_labels=labels
    )

    @contextmanager
    def around() -> Iterator[None]:
        device.happened("open", 1_000)
        yield
        device.happened("close", 1_000)

    seconds = run_window(prepare(recipe, dataset, device), 2, around())
    journal = [what for what in device.journal if what != "mark"]
    assert journal == ["forward", "open", "forward", "forward", "close"]
    assert seconds == pytest.approx(10e-9), "a forward pass of the fake takes 10 ns, and nothing else counts"
