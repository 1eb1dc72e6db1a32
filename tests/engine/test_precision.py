from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dawnbench.engine.device import open_device
from dawnbench.engine.precision import open_precision
from dawnbench.errors import DawnbenchError
from tests.engine.fakes import FakeDevice

CPU = open_device("cpu")


class Watched(nn.Module):
    """A linear layer that keeps what came out of it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.product = torch.zeros(())

    def forward(self, images: Tensor) -> Tensor:
        self.product = self.linear(images)
        return self.product


@pytest.mark.parametrize(("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_a_converted_model_computes_in_the_asked_for_precision_and_its_logits_are_float32(
    name: str, dtype: torch.dtype
) -> None:
    precision, model = open_precision(name, CPU), Watched()
    logits = precision.convert(model, CPU)(torch.ones(2, 2))
    assert precision.dtype == model.product.dtype == dtype
    assert logits.dtype == torch.float32
    assert model.linear.weight.dtype == torch.float32


def test_a_converted_model_trains_the_parameters_of_the_one_that_it_was_made_of() -> None:
    model = Watched()
    open_precision("bf16", CPU).convert(model, CPU)(torch.ones(2, 2)).sum().backward()
    assert model.linear.weight.grad is not None
    assert model.linear.weight.grad.dtype == torch.float32


def test_only_auto_leaves_the_precision_to_the_device() -> None:
    device = FakeDevice()
    device.preferred_precision = lambda: "bf16"
    assert open_precision("auto", device).name == "bf16"
    assert open_precision("fp16", device).name == "fp16"


def test_a_precision_that_the_device_does_not_know_is_refused_with_a_way_out() -> None:
    device = FakeDevice()
    device.torch = torch.device("meta")
    with pytest.raises(DawnbenchError, match="precision bf16 is not supported on meta; use precision=fp32"):
        open_precision("bf16", device).convert(Watched(), device)
