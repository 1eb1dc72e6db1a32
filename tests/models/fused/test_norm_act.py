"""The fused layer where there is no GPU: it is torch's own layers, to the last bit."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dawnbench.models.fused.norm_act import Activation, FusedNormActivation

LAYERS: dict[Activation, nn.Module] = {
    "silu": nn.SiLU(),
    "gelu": nn.GELU(),
    "relu": nn.ReLU(),
    "none": nn.Identity(),
}


def images(seed: int = 0) -> Tensor:
    draws = torch.randn(4, 3, 7, 6, generator=torch.Generator().manual_seed(seed))
    return draws.to(memory_format=torch.channels_last).requires_grad_()


@pytest.mark.parametrize("pool", [True, False])
@pytest.mark.parametrize("activation", list(LAYERS))
def test_training_and_evaluation_give_the_numbers_of_the_single_layers(
    activation: Activation, pool: bool
) -> None:
    fused = FusedNormActivation(3, activation, pool, momentum=0.3, epsilon=1e-4)
    norm = nn.BatchNorm2d(3, eps=1e-4, momentum=0.3)
    plain = nn.Sequential(nn.MaxPool2d(2) if pool else nn.Identity(), norm, LAYERS[activation])
    for training in (True, True, False):
        fused.train(training)
        plain.train(training)
        mine, other = images(), images()
        out, expected = fused(mine), plain(other)
        assert torch.equal(out, expected)
        out.square().sum().backward()
        expected.square().sum().backward()
        assert mine.grad is not None
        assert other.grad is not None
        assert torch.equal(mine.grad, other.grad)
    assert fused.num_batches_tracked == 2
    assert torch.equal(fused.running_var, norm.running_var)
    assert fused.weight.grad is not None
    assert norm.weight.grad is not None
    assert torch.equal(fused.weight.grad, norm.weight.grad)


def test_states_are_exchanged_with_a_batch_norm_both_ways() -> None:
    trained, norm = FusedNormActivation(3, "silu", pool=True), nn.BatchNorm2d(3)
    trained(images())
    norm.load_state_dict(trained.state_dict())
    again = FusedNormActivation(3, "silu", pool=True)
    again.load_state_dict(norm.state_dict())
    assert list(again.state_dict()) == list(norm.state_dict())
    assert torch.equal(again.eval()(images(1)), trained.eval()(images(1)))


def test_a_frozen_factor_is_1_and_gets_no_gradient() -> None:
    fused = FusedNormActivation(3, "silu", pool=True, scale=False)
    fused(images()).sum().backward()
    assert fused.weight.grad is None
    assert fused.bias.grad is not None
    assert (fused.weight == 1).all()


def test_an_activation_that_it_does_not_have_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(ValueError, match=r"activation='tanh' must be one of silu, gelu, relu, none"):
        FusedNormActivation(3, "tanh", pool=True)  # type: ignore[arg-type]


def test_one_value_per_channel_is_refused_in_training() -> None:
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        FusedNormActivation(3, "silu", pool=True)(torch.randn(1, 3, 3, 3))
