from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dawnbench.models.counting import count, describe
from dawnbench.models.normalization import GhostBatchNorm2d
from dawnbench.models.shapes import OperatorCounter


def torchs_own() -> FlopCounterMode:
    return FlopCounterMode(display=False)


class Function(nn.Module):
    """A function of the images as a layer behind a convolution, so that there is something to train."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inputs = nn.Linear(4, 24)

    def forward(self, x: Tensor) -> Tensor:
        pixels = self.inputs(x.flatten(2).transpose(1, 2))
        return F.scaled_dot_product_attention(*pixels.chunk(3, 2))


LAYERS = {
    "strided": lambda: nn.Conv2d(4, 6, 3, stride=2, padding=1),
    "padded and dilated": lambda: nn.Conv2d(4, 6, (3, 1), padding=(2, 0), dilation=2, bias=False),
    "depthwise": lambda: nn.Conv2d(4, 8, 3, groups=4),
    "two layers": lambda: nn.Sequential(nn.Conv2d(4, 6, 3), nn.ReLU(inplace=True), nn.Conv2d(6, 2, 3)),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 3, stride=2),
    "norms": lambda: nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3)),
    "ghost norms": lambda: nn.Sequential(nn.Conv2d(4, 6, 3), GhostBatchNorm2d(6, 3), nn.Conv2d(6, 6, 3)),
    "frozen norm": lambda: nn.Sequential(nn.BatchNorm2d(4, affine=False), nn.Conv2d(4, 6, 3)),
    "activations": lambda: nn.Sequential(
        nn.Conv2d(4, 4, 3), nn.GELU(), nn.SiLU(), nn.CELU(0.3), nn.Sigmoid(), nn.Conv2d(4, 4, 3)
    ),
    "pools": lambda: nn.Sequential(
        nn.Conv2d(4, 6, 3),
        nn.MaxPool2d(2),
        nn.AvgPool2d(3, 1, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(6, 9, 1),
    ),
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(4 * 11 * 9, 5), nn.Dropout(), nn.Linear(5, 3)),
    "images as rows": lambda: nn.Linear(9, 7),
    "attention": Attention,
    "maximum": lambda: nn.Sequential(Function(lambda x: x.amax((2, 3))), nn.Linear(4, 3)),
    "places of the maximum": lambda: nn.Sequential(
        Function(lambda x: x.flatten(2).max(2).values), nn.Linear(4, 3)
    ),
    "broadcast": lambda: Function(lambda x: (x + x.mean((2, 3), keepdim=True)) * x[:1, :, :1] - 2 / (1 + x)),
    "concatenated": lambda: nn.Sequential(
        Function(lambda x: torch.cat([x, x.repeat(1, 2, 1, 1)], 1)), nn.Conv2d(12, 2, 1)
    ),
    "compared": lambda: nn.Sequential(Function(lambda x: x * (x == x.abs())), nn.Conv2d(4, 2, 3)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_counted_equals_torchs_own_counter(name: str) -> None:
    def make() -> nn.Module:
        with torch.device("meta"):
            return LAYERS[name]().train()

    found, flops = count(make(), (4, 11, 9), 6, OperatorCounter)
    expected, torchs = count(make(), (4, 11, 9), 6, torchs_own)
    assert flops == torchs > 0
    assert found == expected


@pytest.mark.parametrize("name", LAYERS)
def test_layers_have_the_shapes_that_real_images_give(name: str) -> None:
    torch.manual_seed(0)
    model = LAYERS[name]().train()
    shapes: list[tuple[int, ...]] = []
    for module in model.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda _module, _inputs, output: shapes.append(output.shape[1:]))
    model(torch.rand(6, 4, 11, 9))
    with torch.device("meta"):
        told = count(LAYERS[name](), (4, 11, 9), 6)[0]
    assert [layer.output_shape for layer in told] == shapes


def test_arithmetic_grows_with_the_batch_and_nothing_else() -> None:
    with torch.device("meta"):
        model = LAYERS["ghost norms"]()
    assert count(model, (4, 11, 9), 300)[1] == 100 * count(model, (4, 11, 9), 3)[1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Conv2d(3, 6, 3),
        lambda: nn.Conv2d(4, 6, 12),
        lambda: nn.MaxPool2d(30),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(5, 3)),
        lambda: Function(lambda x: x + x[:, :3]),
        lambda: GhostBatchNorm2d(4, 4),
    ],
)
def test_what_does_not_fit_is_refused_in_the_words_of_torch_or_the_model(
    make: Callable[[], nn.Module],
) -> None:
    with torch.device("meta"), pytest.raises((RuntimeError, ValueError)) as torchs:
        count(make(), (4, 11, 9), 6, torchs_own)
    with pytest.raises((RuntimeError, ValueError)) as ours:
        describe(make, (4, 11, 9), 6, {11: 1})
    assert str(ours.value) == str(torchs.value) != ""


def test_a_last_batch_that_does_not_split_is_refused() -> None:
    def make() -> nn.Module:
        return nn.Sequential(nn.Conv2d(4, 4, 3), GhostBatchNorm2d(4, 3))

    assert describe(make, (4, 11, 9), 6, {11: 1}, last=3).parameters > 0
    with pytest.raises(ValueError, match="a batch of 4 does not split"):
        describe(make, (4, 11, 9), 6, {11: 1}, last=4)
