from __future__ import annotations

import torch
from torch import Tensor, nn

from dawnbench.models.counting import count, describe
from dawnbench.models.whitening import PatchWhitening


class Backwards(nn.Module):
    """Defines its layers in another order than it runs them."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3 * 4 * 4, 5)
        self.flatten = nn.Flatten()
        self.conv = nn.Conv2d(2, 3, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.flatten(self.conv(x)))


CONV = 2 * (3 * 4 * 4) * (2 * 3 * 3)  # a multiply-add is two; every output sums over channels x 3 x 3
HEAD = 2 * 48 * 5


def model() -> Backwards:
    with torch.device("meta"):
        return Backwards()


def test_layers_come_in_the_order_in_which_they_run() -> None:
    found = [
        (layer.name, layer.kind, layer.output_shape, layer.parameters)
        for layer in count(model(), (2, 4, 4), 7)[0]
    ]
    assert found == [
        ("conv", "Conv2d", (3, 4, 4), 3 * 2 * 9),
        ("flatten", "Flatten", (48,), 0),
        ("head", "Linear", (5,), 48 * 5 + 5),
    ]


def test_the_flops_of_a_step_are_those_counted_by_hand() -> None:
    # Backward: each layer's weights cost its forward again, and so do its inputs, but for the images.
    assert count(model(), (2, 4, 4), 7)[1] == 7 * (2 * CONV + 3 * HEAD)


def test_a_trial_costs_its_steps() -> None:
    record = describe(Backwards, (2, 4, 4), 7, steps={4: 11})
    assert record.flops_per_trial == 11 * record.flops_per_step > 0


def test_a_step_on_smaller_images_costs_less() -> None:
    record = describe(lambda: nn.Conv2d(2, 3, 3, padding=1), (2, 4, 4), 7, steps={2: 3, 4: 5})
    assert record.flops_per_trial == 3 * record.flops_per_step // 4 + 5 * record.flops_per_step


def test_parameters_that_are_not_trained_are_counted_apart() -> None:
    def make() -> nn.Module:
        net = nn.Sequential()
        net.add_module("whiten", PatchWhitening(2))
        net.add_module("conv", nn.Conv2d(18, 4, 1, bias=True))
        net.conv.bias.requires_grad_(False)
        return net

    record = describe(make, (2, 4, 4), 3, steps={4: 1})
    assert record.parameters == 18 * 4
    assert record.fixed_parameters == 18 * 2 * 9 + 4
    assert [layer.parameters for layer in record.layers] == [0, 18 * 4]
