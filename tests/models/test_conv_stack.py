"""A stack's shapes, sizes and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from dawnbench.engine.describe import describe_model
from dawnbench.errors import DawnbenchError
from dawnbench.models.conv_stack import conv_stack
from dawnbench.models.counting import count
from dawnbench.recipes import find_recipe
from dawnbench.recipes.parts import ConvStackSpec

WORDS = (
    *("conv 8 5x5 stride 2", "norm", "relu", "dropout 0.25"),
    *("conv 12 same", "silu", "max pool", "conv classes 1x1", "average pool"),
)


def test_each_layer_has_the_size_that_its_words_say() -> None:
    with torch.device("meta"):
        stack = conv_stack(1, 7, WORDS, bias=True)
    found = count(stack, (1, 28, 28), 2)[0]
    assert [(layer.kind, layer.output_shape) for layer in found] == [
        ("Conv2d", (8, 12, 12)),
        ("BatchNorm2d", (8, 12, 12)),
        ("ReLU", (8, 12, 12)),
        ("Dropout", (8, 12, 12)),
        ("Conv2d", (12, 12, 12)),
        ("SiLU", (12, 12, 12)),
        ("MaxPool2d", (12, 6, 6)),
        ("Conv2d", (7, 6, 6)),
        ("AdaptiveAvgPool2d", (7, 1, 1)),
        ("FlattenLogits", (7,)),
    ]


@pytest.mark.parametrize("bias", [False, True])
def test_its_parameters_are_filters_norms_and_where_asked_for_biases(bias: bool) -> None:
    stack = conv_stack(3, 7, WORDS, bias)
    filters = 8 * 3 * 25 + 12 * 8 * 9 + 7 * 12
    biases = 8 + 12 + 7 if bias else 0
    assert sum(p.numel() for p in stack.parameters()) == filters + 2 * 8 + biases


def test_a_depthwise_convolution_has_one_filter_a_channel() -> None:
    stack = conv_stack(3, 7, ("depthwise 5x5 same", "conv classes 1x1", "average pool"), bias=False)
    assert [p.numel() for p in stack.parameters()] == [3 * 25, 3 * 7]
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    one = images.clone()
    one[:, 0] += 1
    changed = (stack[0](one) != stack[0](images)).flatten(2).any(2)
    assert changed.tolist() == [[True, False, False]] * 2


def test_it_computes_what_its_layers_do_one_after_the_other() -> None:
    torch.manual_seed(0)
    stack = conv_stack(
        1, 3, ("conv 4 same", "relu", "max pool", "average pool", "conv classes 1x1"), bias=True
    )
    first, last = (module for module in stack.modules() if isinstance(module, nn.Conv2d))
    x = torch.randn(2, 1, 6, 6)
    assert last.bias is not None
    pooled = nn.functional.conv2d(x, first.weight, first.bias, padding=1).relu()
    pooled = pooled.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2)).mean((2, 3))
    expected = pooled @ last.weight[:, :, 0, 0].T + last.bias
    torch.testing.assert_close(stack(x), expected)


def test_dropout_has_the_rate_of_its_words() -> None:
    stack = conv_stack(1, 7, WORDS, bias=True)
    (dropout,) = (module for module in stack.modules() if isinstance(module, nn.Dropout))
    assert dropout.p == 0.25


def described(*words: str) -> int:
    recipe = replace(find_recipe("mnist-2"), model=ConvStackSpec(words))
    return describe_model(recipe, 1, 10, 60_000).parameters


def test_layers_that_leave_more_than_one_pixel_are_refused_with_the_way_out() -> None:
    with pytest.raises(
        DawnbenchError, match=r'output 26x26 pixels of 10 channels, but one .* "conv classes 26x26"'
    ):
        described("conv classes")
    assert described("conv classes", "conv classes 26x26") > 0


def test_layers_that_end_in_other_channels_than_the_classes_are_refused() -> None:
    with pytest.raises(
        DawnbenchError, match=r"output 1x1 pixels of 16 channels, .* of 10 channels, one per class"
    ):
        described("conv 16", "average pool")
    assert described("conv 16", "average pool", "conv classes 1x1") == 16 * 9 + 16 + 10 * 16 + 10


def test_a_kernel_larger_than_the_image_is_explained() -> None:
    # What follows are torch's own words, which are others in 2.11 and in 2.15.
    with pytest.raises(DawnbenchError, match=r"images of 28x28: .*([Kk]ernel|[Oo]utput) size"):
        described("conv classes 29x29")
