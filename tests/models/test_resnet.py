from __future__ import annotations

import torch

from dawnbench.models.counting import count
from dawnbench.models.davidnet import resnet18


def test_the_first_convolution_and_the_four_stages_have_the_sizes_of_small_images() -> None:
    with torch.device("meta"):
        model = resnet18(3, 10)
    shapes = {layer.name: layer.output_shape for layer in count(model, (3, 32, 32), 2)[0]}
    assert shapes["conv1"] == shapes["maxpool"] == (64, 32, 32)
    assert [shapes[f"layer{stage}.1.conv2"] for stage in (1, 2, 3, 4)] == [
        (64, 32, 32),
        (128, 16, 16),
        (256, 8, 8),
        (512, 4, 4),
    ]
    assert shapes["fc"] == (10,)


def test_it_takes_other_channels_and_classes() -> None:
    assert resnet18(1, 7)(torch.zeros(2, 1, 8, 8)).shape == (2, 7)
