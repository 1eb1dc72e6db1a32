"""The figures that ZJCV/NetworkSlimming published, at 224x224 with 100 classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.compress.counting import count
from dawnbench.recipes import MobileNetV2Spec, ModelPart, ResNet50Spec, ResNet56Spec, VGG16Spec, VGG19Spec


def meta(part: ModelPart, classes: int) -> nn.Module:
    with torch.device("meta"):
        return part.build(3, classes)


@pytest.mark.parametrize(
    ("part", "macs", "parameters"),
    [
        (VGG16Spec(), 15_507_270_656, 134_678_692),
        (ResNet50Spec(), 4_109_671_424, 23_712_932),
        (MobileNetV2Spec(), 312_978_496, 2_351_972),
    ],
)
def test_the_dense_networks_count_what_was_published(part: ModelPart, macs: int, parameters: int) -> None:
    counts = count(meta(part, 100), (3, 224, 224))
    assert (counts.macs, counts.parameters) == (macs, parameters)


@pytest.mark.parametrize(("part", "millions"), [(VGG19Spec(), 20.04), (ResNet56Spec(), 0.86)])
def test_the_networks_for_small_images_have_the_published_parameters(
    part: ModelPart, millions: float
) -> None:
    assert round(count(meta(part, 10), (3, 32, 32)).parameters / 1e6, 2) == millions


def test_each_layer_counts_by_its_own_rule() -> None:
    def macs(*layers: nn.Module) -> int:
        return count(nn.Sequential(*layers), (4, 6, 6)).macs

    assert macs(nn.Conv2d(4, 5, 3, bias=False)) == 5 * 4 * 4 * (4 * 9)
    assert macs(nn.Conv2d(4, 5, 3)) == 5 * 4 * 4 * (4 * 9 + 1)
    assert macs(nn.Conv2d(4, 4, 3, groups=4, bias=False)) == 4 * 4 * 4 * 9
    assert macs(nn.BatchNorm2d(4)) == 2 * 4 * 6 * 6
    assert macs(nn.AdaptiveAvgPool2d(2)) == 4 * 2 * 2 * (3 * 3 + 1)
    assert macs(nn.Flatten(), nn.Linear(144, 7)) == 144 * 7
    assert macs(nn.ReLU(), nn.MaxPool2d(2), nn.Dropout()) == 0


def test_flops_are_twice_the_multiplications_of_convolutions_and_linear_layers() -> None:
    model = nn.Sequential(nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(80, 7))
    assert count(model, (4, 6, 6)).flops == 2 * (5 * 4 * 4 * 36 + 80 * 7)


def test_counting_leaves_the_model_as_it_is() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    count(model, (3, 6, 6), (("0", 3, 2), ("1", 2, 2)))
    assert model[0].weight.shape == (8, 3, 3, 3)
    assert model[0].weight.device.type == "cpu"
    assert model.training
