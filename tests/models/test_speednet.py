from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.models import speednet
from dawnbench.models.fused.norm_act import FusedNormActivation
from dawnbench.models.speednet import Activation, DiracConv2d, SpeedNet, UnitHead


def images(count: int = 4, side: int = 32) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_the_full_network_has_the_parameters_of_the_public_records() -> None:
    net = SpeedNet(3, 10)
    filters = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256)
    biases = 24 + 2 * 64 + 4 * 256
    assert sum(p.numel() for p in net.parameters() if p.requires_grad) == filters + biases + 256 * 10


@pytest.mark.parametrize("side", [16, 24, 28, 31, 32])
@pytest.mark.parametrize("pool_first", [(False, False, False), (True, True, True)])
def test_images_of_any_size_give_one_row_of_logits_each(
    side: int, pool_first: tuple[bool, bool, bool]
) -> None:
    net = SpeedNet(3, 10, widths=(4, 6, 8), pool_first=pool_first)
    assert net(images(side=side)).shape == (4, 10)


def test_a_pool_before_the_convolution_quarters_its_arithmetic() -> None:
    from dawnbench.models.counting import count

    with torch.device("meta"):
        behind, before = (SpeedNet(3, 10, pool_first=(False, False, first)) for first in (False, True))
    saved = count(behind, (3, 32, 32), 8)[1] - count(before, (3, 32, 32), 8)[1]
    assert saved == 3 * 8 * 2 * 9 * 256 * 256 * (7 * 7 - 3 * 3)


def test_a_fresh_convolution_hands_its_input_on_in_its_first_channels() -> None:
    conv = DiracConv2d(3, 5)
    x = images()
    torch.testing.assert_close(conv(x)[:, :3], x)
    assert conv.weight[3:].std() > 0
    assert not torch.equal(conv(x)[:, 3], x[:, 0])


def test_a_convolution_ignores_further_channels_of_zeros() -> None:
    conv = DiracConv2d(3, 5)
    x = images()
    padded = torch.cat((x, torch.zeros(4, 2, 32, 32)), 1)
    torch.testing.assert_close(conv(padded), conv(x))
    conv(padded).square().sum().backward()
    assert conv.weight.grad is not None
    assert conv.weight.grad.shape == conv.weight.shape


def test_resetting_draws_the_further_filters_anew() -> None:
    conv = DiracConv2d(3, 5)
    before = conv.weight.detach().clone()
    conv.reset_parameters()
    assert torch.equal(conv.weight[:3], before[:3])
    assert not torch.equal(conv.weight[3:], before[3:])


def test_the_head_begins_at_unit_deviation_and_divides_by_its_width() -> None:
    head = UnitHead(64, 10)
    torch.testing.assert_close(head.weight.std(), torch.tensor(1.0))
    x = torch.ones(1, 64)
    torch.testing.assert_close(head(x)[0], head.weight.mean(1))


def test_only_biases_filters_and_head_are_trained_and_all_of_them_get_gradients() -> None:
    net = SpeedNet(3, 10, widths=(4, 6, 8))
    net.fit(images())
    net(images()).square().sum().backward()
    trained = {name for name, p in net.named_parameters() if p.requires_grad}
    assert not any(name.endswith(("norm1.weight", "norm2.weight")) for name in trained)
    assert "whiten.bias" in trained
    assert all(p.grad is not None and p.grad.any() for p in net.parameters() if p.requires_grad)


def test_the_whitening_is_fitted_to_the_images() -> None:
    net = SpeedNet(3, 10, widths=(4, 6, 8), whitening_images=3)
    assert net.fit_images == 3
    net.fit(images())
    filters = net.whiten.weight
    assert filters.shape == (24, 3, 2, 2)
    assert torch.equal(filters[:12], -filters[12:])


def test_convolutions_begin_as_with_torchs_own_identity_after_the_same_draws() -> None:
    for inputs, outputs in [(3, 5), (5, 5), (6, 4)]:
        torch.manual_seed(7)
        conv = DiracConv2d(inputs, outputs)
        after = torch.rand(3)
        torch.manual_seed(7)
        plain = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        nn.init.dirac_(plain.weight.data[:inputs])
        assert torch.equal(conv.weight, plain.weight)
        assert torch.equal(after, torch.rand(3))
        assert list(conv.state_dict()) == ["weight"]


@pytest.mark.parametrize("pool_first", [(False, False, False), (False, True, True)])
@pytest.mark.parametrize("activation", ["gelu", "silu", "relu"])
def test_fused_layers_train_the_same_numbers_on_a_cpu_from_the_same_state(
    pool_first: tuple[bool, bool, bool], activation: Activation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a machine that has a GPU but trains on its CPU.
    monkeypatch.setattr(speednet, "kernels_available", lambda: True)
    plain, fused = (
        SpeedNet(3, 10, widths=(4, 6, 8), activation=activation, pool_first=pool_first, fused=fused)
        for fused in (False, True)
    )
    assert any(isinstance(module, FusedNormActivation) for module in fused.modules())
    plain.fit(images())
    assert list(fused.state_dict()) == list(plain.state_dict())
    fused.load_state_dict(plain.state_dict())
    for net in (plain, fused):
        optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images()), torch.arange(4)).backward()
            optimizer.step()
    for mine, other in zip(fused.state_dict().values(), plain.state_dict().values(), strict=True):
        assert torch.equal(mine, other)
    assert torch.equal(fused.eval()(images(side=24)), plain.eval()(images(side=24)))
    assert [p.requires_grad for p in fused.parameters()] == [p.requires_grad for p in plain.parameters()]
