from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision import models

from dawnbench.engine.prepare import reset_parameters
from dawnbench.models.large import mobilenet_v2, resnet50, vgg16


def spread(model: nn.Module) -> dict[str, tuple[float, float]]:
    """Return the mean and standard deviation of each weight that is large or constant."""
    facts = {}
    for name, weight in model.named_parameters():
        std = weight.std().item() if weight.numel() > 1 else 0.0
        if weight.numel() >= 4_000 or std == 0:
            facts[name] = (round(weight.mean().item(), 2), std)
    return facts


@pytest.mark.parametrize(
    ("make", "original"), [(mobilenet_v2, models.mobilenet_v2), (resnet50, models.resnet50)]
)
def test_a_trials_reset_draws_what_torchvisions_constructor_draws(
    make: Callable[[int, int], nn.Module], original: Callable[..., nn.Module]
) -> None:
    model = make(3, 10)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 9)
    reset_parameters(model, 0)
    expected = spread(original(num_classes=10))
    found = spread(model)
    assert found.keys() == expected.keys()
    for name, (mean, std) in expected.items():
        assert found[name] == (pytest.approx(mean, abs=0.011), pytest.approx(std, rel=0.1)), name


def test_vgg16_resets_its_layers_as_torchvision_does() -> None:
    with torch.device("meta"):
        model = vgg16(3, 10)
    conv, head = model.get_submodule("features.7"), model.get_submodule("classifier.6")
    for layer in (conv, head):
        layer.to_empty(device="cpu")
        layer.reset_parameters()
        assert layer.bias.eq(0).all()
    assert conv.weight.std().item() == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.02)
    assert head.weight.std().item() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("make", [vgg16, resnet50, mobilenet_v2])
@pytest.mark.parametrize(("channels", "size"), [(3, 224), (1, 32)])
def test_they_take_large_and_small_images_of_any_channels(
    make: Callable[[int, int], nn.Module], channels: int, size: int
) -> None:
    with torch.device("meta"):
        assert make(channels, 7)(torch.empty(2, channels, size, size)).shape == (2, 7)


@pytest.mark.parametrize("make", [vgg16, resnet50, mobilenet_v2])
def test_every_layer_with_weights_can_be_reset(make: Callable[[int, int], nn.Module]) -> None:
    with torch.device("meta"):
        model = make(3, 10)
    for layer in model.modules():
        if any(True for _ in layer.parameters(recurse=False)):
            assert callable(layer.reset_parameters)
