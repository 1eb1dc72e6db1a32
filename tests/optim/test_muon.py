from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.optim.muon import Muon, muon_with_sgd, orthogonalize


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(3, 8, 20), (2, 20, 8), (1, 6, 6)])
def test_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int, int]) -> None:
    matrices = drawn(*shape)
    left, values, right = torch.linalg.svd(orthogonalize(matrices, 5), full_matrices=False)
    assert values.min() > 0.5
    assert values.max() < 1.3
    expected_left, _, expected_right = torch.linalg.svd(matrices, full_matrices=False)
    torch.testing.assert_close(
        left @ right, expected_left @ expected_right, atol=2e-2, rtol=0
    )  # the nearest orthogonal matrix of each


def test_the_size_of_a_matrix_does_not_matter() -> None:
    matrices = drawn(2, 4, 9)
    torch.testing.assert_close(orthogonalize(matrices * 1000, 3), orthogonalize(matrices, 3))


def test_a_matrix_of_zeros_stays_one() -> None:
    assert not orthogonalize(torch.zeros(1, 3, 3), 3).any()


def one_step(rate: float, gradient: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    bank = nn.Parameter(before.clone())
    muon = Muon([bank], momentum=0.6, steps=3)
    muon.param_groups[0]["lr"] = rate
    bank.grad = gradient.clone()
    muon.step()
    return bank.detach()


def test_a_step_scales_the_bank_and_goes_against_the_orthogonalized_gradient() -> None:
    before, gradient = drawn(4, 3, 3, 3), drawn(4, 3, 3, 3, seed=1)
    scaled = before / before.norm() * 2  # the square root of 4 outputs
    torch.testing.assert_close(one_step(0.0, gradient, before), scaled)
    turned = orthogonalize(gradient.reshape(1, 4, 27), 3).reshape(before.shape)
    torch.testing.assert_close(one_step(0.1, gradient, before), scaled - 0.1 * turned)


def test_the_rate_may_be_a_tensor() -> None:
    before, gradient = drawn(4, 3, 3, 3), drawn(4, 3, 3, 3, seed=1)
    by_tensor = one_step(torch.tensor(0.1), gradient, before)  # type: ignore[arg-type]
    torch.testing.assert_close(by_tensor, one_step(0.1, gradient, before))


def test_momentum_is_nesterovs() -> None:
    bank = nn.Parameter(drawn(4, 3, 3, 3))
    muon = Muon([bank], momentum=0.6, steps=3)
    muon.param_groups[0]["lr"] = 0.0
    gradients = [drawn(4, 3, 3, 3, seed=s) for s in (1, 2)]
    for gradient in gradients:
        bank.grad = gradient
        muon.step()
    scaled = bank.detach().clone()
    muon.param_groups[0]["lr"] = 1.0
    bank.grad = torch.zeros_like(bank)
    muon.step()
    momentum = 0.6 * (0.6 * gradients[0] + gradients[1])
    turned = orthogonalize((0.6 * momentum).reshape(1, 4, 27), 3).reshape(bank.shape)
    torch.testing.assert_close(bank.detach(), scaled - turned)


def test_banks_of_one_shape_step_as_each_would_alone() -> None:
    banks = [nn.Parameter(drawn(4, 3, 3, 3, seed=s)) for s in range(3)]
    gradients = [drawn(4, 3, 3, 3, seed=10 + s) for s in range(3)]
    alone = [one_step(0.1, g, b.detach()) for b, g in zip(banks, gradients, strict=True)]
    muon = Muon(banks, momentum=0.6, steps=3)
    muon.param_groups[0]["lr"] = 0.1
    for bank, gradient in zip(banks, gradients, strict=True):
        bank.grad = gradient
    muon.step()
    for bank, expected in zip(banks, alone, strict=True):
        torch.testing.assert_close(bank.detach(), expected)


def test_banks_of_any_shape_step_in_one_batch_as_each_would_alone() -> None:
    shapes = [(4, 3, 3, 3), (8, 4, 3, 3), (30, 2, 3, 3), (4, 3, 3, 3)]
    banks = [nn.Parameter(drawn(*shape, seed=s)) for s, shape in enumerate(shapes)]
    gradients = [drawn(*shape, seed=10 + s) for s, shape in enumerate(shapes)]
    alone = [one_step(0.1, g, b.detach()) for b, g in zip(banks, gradients, strict=True)]
    muon = Muon(banks, momentum=0.6, steps=3, one_batch=True)
    muon.param_groups[0]["lr"] = 0.1
    for bank, gradient in zip(banks, gradients, strict=True):
        bank.grad = gradient
    muon.step()
    for bank, expected in zip(banks, alone, strict=True):
        torch.testing.assert_close(bank.detach(), expected)


def test_a_bank_without_a_gradient_is_left_alone() -> None:
    bank = nn.Parameter(drawn(4, 3, 3, 3))
    before = bank.detach().clone()
    Muon([bank], momentum=0.6, steps=3).step()
    assert torch.equal(bank, before)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 4, 2)
        self.whiten.weight.requires_grad_(False)
        self.conv = nn.Conv2d(4, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.norm.weight.requires_grad_(False)
        self.head = nn.Linear(4, 2, bias=False)


def together(net: nn.Module) -> object:
    return muon_with_sgd(
        net,
        batch_size=10,
        fused=False,
        dtype=torch.float32,
        momentum=0.6,
        steps=3,
        sgd_momentum=0.8,
        bias_rate_scale=0.5,
        head_rate_scale=2.0,
        weight_decay=0.01,
        first_bias_epochs=3.0,
    )


def test_filters_biases_and_head_come_into_groups_of_their_own() -> None:
    net = Net()
    groups = together(net).param_groups  # type: ignore[attr-defined]
    members = [[id(p) for p in group["params"]] for group in groups]
    assert members == [[id(p)] for p in (net.conv.weight, net.whiten.bias, net.norm.bias, net.head.weight)]
    assert [group["rate_scale"] for group in groups] == [1.0, 0.5, 0.5, 2.0]
    assert [group.get("until_epoch") for group in groups] == [None, 3.0, None, None]


def test_a_step_takes_the_same_decay_off_at_every_rate() -> None:
    net = Net()
    groups = together(net).param_groups[1:]  # type: ignore[attr-defined]
    taken = [group["rate_scale"] * group["weight_decay"] for group in groups]
    assert taken == pytest.approx([0.1] * 3)  # of the weight, at a schedule's rate of 1: 0.01 times 10 images


def test_matrix_products_are_in_the_type_that_was_given() -> None:
    before, gradient = drawn(4, 3, 3, 3), drawn(4, 3, 3, 3, seed=1)

    def stepped(dtype: torch.dtype) -> torch.Tensor:
        bank = nn.Parameter(before.clone())
        muon = Muon([bank], momentum=0.6, steps=3, dtype=dtype)
        muon.param_groups[0]["lr"] = 0.1
        bank.grad = gradient.clone()
        muon.step()
        return bank.detach()

    rounded = orthogonalize(gradient.bfloat16().reshape(1, 4, 27), 3).float().reshape(before.shape)
    scaled = before / before.norm() * 2
    torch.testing.assert_close(stepped(torch.bfloat16), scaled - 0.1 * rounded, atol=2e-3, rtol=0)
    assert not torch.equal(stepped(torch.bfloat16), stepped(torch.float32))
