"""The figures that ZJCV/NetworkSlimming published, at 224x224 with 100 classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.compress.counting import count_macs
from dawnbench.models.resize import Widths
from dawnbench.recipes import ModelPart, VGG16Spec

IMAGE = (3, 224, 224)
VGG_AT_20 = (24, 56, 96, 112, 168, 152, 216, 304, 344, 448, 496, 504, 512)


def dense(part: ModelPart) -> nn.Module:
    with torch.device("meta"):
        return part.build(3, 100)


@pytest.mark.parametrize(("part", "macs", "parameters"), [(VGG16Spec(), 15_507_270_656, 134_678_692)])
def test_the_dense_networks_count_what_was_published(part: ModelPart, macs: int, parameters: int) -> None:
    assert count_macs(dense(part), IMAGE) == (macs, parameters)


def vgg_widths(model: nn.Module, outputs: tuple[int, ...], positions: int = 1) -> Widths:
    widths, inputs, left = [], 3, list(outputs)
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            widths.append((name, inputs, inputs := left.pop(0)))
        elif isinstance(layer, nn.BatchNorm2d):
            widths.append((name, inputs, inputs))
    return (*widths, ("classifier.0", inputs * 49, 4096))


def test_vgg16_with_the_published_widths_counts_what_was_published() -> None:
    model = dense(VGG16Spec())
    assert count_macs(model, IMAGE, vgg_widths(model, VGG_AT_20)) == (8_363_818_592, 130_309_732)
