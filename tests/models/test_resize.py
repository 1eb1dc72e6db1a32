from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.errors import DawnbenchError
from dawnbench.models.resize import resize


def test_a_layer_keeps_its_class_and_settings_and_gets_fresh_weights_of_the_new_shape() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8, eps=0.1))
    resize(model, (("0", 3, 5), ("1", 5, 5)))
    conv, norm = model
    assert isinstance(conv, nn.Conv2d)
    assert (conv.weight.shape, conv.stride, conv.padding) == ((5, 3, 3, 3), (2, 2), (1, 1))
    assert isinstance(norm, nn.BatchNorm2d)
    assert (norm.num_features, norm.eps, norm.running_mean.shape) == (5, 0.1, (5,))
    assert model(torch.ones(2, 3, 8, 8)).shape == (2, 5, 4, 4)


def test_a_depthwise_convolution_keeps_one_group_per_channel() -> None:
    model = nn.Sequential(nn.Conv2d(8, 8, 3, groups=8))
    resize(model, (("0", 6, 6),))
    assert model[0].groups == 6
    assert model(torch.ones(1, 6, 4, 4)).shape == (1, 6, 2, 2)


@pytest.mark.parametrize("name", ["2", "1", ""])
def test_a_name_without_such_a_layer_is_refused(name: str) -> None:
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU())
    with pytest.raises(DawnbenchError, match=r"model\.widths names .* which is not a convolution"):
        resize(model, ((name, 3, 5),))


def test_widths_that_the_groups_do_not_divide_are_refused() -> None:
    model = nn.Sequential(nn.Conv2d(8, 8, 3, groups=4))
    with pytest.raises(DawnbenchError, match="multiple of its 4 groups"):
        resize(model, (("0", 8, 6),))
