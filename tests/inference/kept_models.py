"""A small model with fresh weights, as if it had been opened from a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from dawnbench.data.dataset import make_dataset
from dawnbench.engine.answering import Answering
from dawnbench.engine.device import Device
from dawnbench.engine.kept_model import KeptModel
from dawnbench.engine.prepare import prepare
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import override
from dawnbench.recipes.part import ModelPart
from tests.engine.fakes import FakeDevice

SIZE, CLASSES, IMAGES = 4, 4, 12


@dataclass(frozen=True)
class ColoursSpec(ModelPart, kind="colours"):
    """Tells colours apart by a convolution and a linear layer."""

    def build(self, channels: int, classes: int) -> nn.Module:
        pooled = (nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return nn.Sequential(nn.Conv2d(channels, 16, 3, padding=1), *pooled, nn.Linear(16, classes))


def kept_model(*settings: str, device: Device | None = None) -> KeptModel:
    """Return the model, with twelve test images of one color each."""
    draws = np.random.default_rng(0)
    shape = (IMAGES, SIZE, SIZE, 3)
    images = np.broadcast_to(draws.integers(0, 256, (IMAGES, 1, 1, 3)), shape).astype(np.uint8)
    labels = np.arange(IMAGES) % CLASSES
    dataset = make_dataset(
        "colours", train_images=images, train_labels=labels, test_images=images.copy(), test_labels=labels
    )
    quickstart = find_recipe("quickstart")
    recipe = replace(
        quickstart,
        model=ColoursSpec(),
        dataset=replace(quickstart.dataset, image_size=SIZE),
        augmentation=(),
        batch_size=IMAGES,
        precision="fp32",
    )
    recipe = override(recipe, settings)
    prepared = prepare(recipe, dataset, device or FakeDevice())
    prepared.train.load()
    prepared.reset(0)
    prepared.fit()
    return KeptModel(Path("model.safetensors"), None, recipe, dataset, prepared, {})


def classes_of(kept: KeptModel) -> Any:
    """Return the classes of all test images at once, by the model itself."""
    pixels = torch.from_numpy(kept.dataset.test_images).permute(0, 3, 1, 2)
    with torch.inference_mode():
        return Answering(kept.prepared)(pixels).argmax(1).numpy()
