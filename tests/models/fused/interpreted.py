"""The kernels in Triton's interpreter against torch's own layers in fp64.

Not collected by itself: test_kernels.py runs it in a separate process with TRITON_INTERPRET=1, which has to
be set before Triton is imported.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dawnbench.models.fused import IS_INTERPRETED, ops
from dawnbench.models.fused.norm_act import ACTIVATIONS, Activation, FusedNormActivation
from dawnbench.models.fused.whiten import BLOCK_ROWS, FusedPatchWhitening, whiten_gelu
from dawnbench.models.speednet import SpeedNet

POOL = pytest.mark.parametrize("pool", [True, False])
# One rounding of the exact result. The interpreter truncates to bf16, which may lose twice as much.
ROUNDING = {torch.float32: 1e-6, torch.float16: 2**-11, torch.bfloat16: 2**-7}
SUMS = {"rtol": 1e-5, "atol": 2e-5}


@pytest.fixture(autouse=True)
def _fixed_draws() -> None:
    assert IS_INTERPRETED
    torch.manual_seed(0)


def images(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    values = (2 * torch.randn(shape) + 3).to(dtype, memory_format=torch.channels_last)
    return values.requires_grad_()


def layer(channels: int, activation: Activation, pool: bool, **settings: Any) -> FusedNormActivation:
    built = FusedNormActivation(channels, activation, pool, momentum=0.4, **settings)
    nn.init.normal_(built.weight)
    nn.init.normal_(built.bias)
    return built


def plain_gradients(
    fused: FusedNormActivation, x: Tensor, incoming: Tensor
) -> tuple[Tensor, nn.Module, Tensor]:
    """Return the output, the layer with its gradients and the input's gradient, by torch's layers in fp64."""
    norm = nn.BatchNorm2d(fused.num_features, fused.eps, fused.momentum).double()
    norm.load_state_dict(fused.state_dict())
    x = x.detach().double().requires_grad_()
    out = ACTIVATIONS[fused.activation](norm(nn.functional.max_pool2d(x, 2) if fused.pool else x))
    out.backward(incoming.double())
    assert x.grad is not None
    return out.detach(), norm, x.grad


def assert_rounded(actual: Tensor, exact: Tensor, dtype: torch.dtype) -> None:
    assert actual.dtype == dtype
    torch.testing.assert_close(actual.double(), exact, rtol=1.01 * ROUNDING[dtype], atol=5e-6)


@POOL
@pytest.mark.parametrize(
    ("activation", "dtype"),
    [
        ("silu", torch.float32),
        ("silu", torch.bfloat16),
        ("silu", torch.float16),
        ("gelu", torch.float32),
        ("gelu", torch.bfloat16),
        ("relu", torch.float32),
        ("none", torch.bfloat16),
    ],
)
def test_values_gradients_and_running_statistics_are_those_of_the_single_layers(
    pool: bool, activation: Activation, dtype: torch.dtype
) -> None:
    fused, x = layer(5, activation, pool), images(3, 5, 7, 9, dtype=dtype)
    before = copy.deepcopy(fused)
    out = fused(x)
    incoming = torch.randn_like(out)
    out.backward(incoming)
    exact, norm, gradient = plain_gradients(before, x, incoming)
    assert_rounded(out.detach(), exact, dtype)
    assert x.grad is not None
    assert_rounded(x.grad, gradient, dtype)
    for name, parameter in fused.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad.double(), norm.get_parameter(name).grad, **SUMS)
    for name, buffer in fused.named_buffers():
        torch.testing.assert_close(buffer.double(), norm.get_buffer(name).double(), **SUMS)
    assert fused.num_batches_tracked == 1


@POOL
@pytest.mark.parametrize("shape", [(2, 70, 4, 4), (2, 1, 2, 3), (2, 3, 5, 2), (4, 64, 3, 3)])
def test_any_size_and_number_of_channels(pool: bool, shape: tuple[int, int, int, int]) -> None:
    fused, x = layer(shape[1], "silu", pool, epsilon=1e-3), images(*shape)
    out = fused(x)
    incoming = torch.randn_like(out)
    exact, _, gradient = plain_gradients(fused, x, incoming)
    out.backward(incoming)
    assert_rounded(out.detach(), exact, torch.float32)
    assert x.grad is not None
    torch.testing.assert_close(x.grad.double(), gradient, rtol=1e-4, atol=1e-5)


@POOL
def test_results_and_gradients_are_channels_last_whatever_comes_in(pool: bool) -> None:
    fused = layer(4, "silu", pool)
    x = torch.randn(3, 4, 7, 5, requires_grad=True)
    last = x.detach().to(memory_format=torch.channels_last).requires_grad_()
    outs = [fused(x), fused(last)]
    assert all(out.is_contiguous(memory_format=torch.channels_last) for out in outs)
    assert torch.equal(*outs)
    incoming = torch.randn(outs[0].shape)
    assert not incoming.is_contiguous(memory_format=torch.channels_last)
    for out in outs:
        out.backward(incoming)
    assert x.grad is not None
    assert last.grad is not None
    assert last.grad.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(x.grad, last.grad)


def test_of_equal_values_the_first_gets_the_gradient_as_in_torch() -> None:
    # Two values only: nearly every window has its maximum more than once.
    x = torch.randint(0, 2, (4, 3, 6, 6)).float().to(memory_format=torch.channels_last).requires_grad_()
    fused = layer(3, "none", pool=True)
    out = fused(x)
    incoming = torch.randn_like(out)
    out.backward(incoming)
    _, _, gradient = plain_gradients(fused, x, incoming)
    assert x.grad is not None
    assert torch.equal(x.grad != 0, gradient != 0)
    assert (x.grad != 0).sum() == out.numel()


def test_an_odd_edge_gets_no_gradient() -> None:
    x = images(2, 3, 5, 7)
    fused = layer(3, "silu", pool=True)
    fused(x).square().sum().backward()
    assert x.grad is not None
    assert not x.grad[:, :, 4].any()
    assert not x.grad[..., 6].any()
    assert x.grad[:, :, :4, :6].any()


@POOL
def test_rows_are_shared_out_over_programs_that_go_over_them_in_several_blocks(
    pool: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, fused = images(36, 4, 17, 17), layer(4, "silu", pool)
    once = copy.deepcopy(fused)
    expected = once(x)
    incoming = torch.randn_like(expected)
    (gradient,) = torch.autograd.grad(expected, x, incoming)
    monkeypatch.setattr(ops, "MAX_PROGRAMS", 2)
    grid = ops.Grid(expected.numel() // 4, 4)
    assert grid.parts == 2
    assert grid.rows_per_program > grid.block_rows
    assert grid.rows % grid.rows_per_program % grid.block_rows
    out = fused(x)
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(torch.autograd.grad(out, x, incoming)[0], gradient)
    torch.testing.assert_close(fused.running_var, once.running_var)


def test_a_small_variance_beside_a_large_mean_is_not_lost() -> None:
    x = (1000 + 0.05 * torch.randn(8, 3, 8, 8)).to(memory_format=torch.channels_last)
    fused = layer(3, "none", pool=False)
    fused(x)
    exact = 0.6 + 0.4 * x.double().var((0, 2, 3))
    torch.testing.assert_close(fused.running_var.double(), exact, rtol=1e-6, atol=0)


def test_a_frozen_factor_gets_no_gradient() -> None:
    fused = layer(4, "silu", pool=True, scale=False)
    fused(images(2, 4, 4, 4)).sum().backward()
    assert fused.weight.grad is None
    assert fused.bias.grad is not None


def test_without_gradients_the_statistics_are_followed_all_the_same() -> None:
    fused = layer(4, "silu", pool=True)
    with torch.no_grad():
        out = fused(images(2, 4, 4, 4))
    assert not out.requires_grad
    assert fused.running_mean.all()


def test_nan_stays_visible() -> None:
    x = images(2, 2, 4, 4).detach()
    x[0, 1, 3, 3] = float("nan")
    for activation in ACTIVATIONS:
        out = layer(2, activation, pool=True)(x)  # type: ignore[arg-type]
        assert out[:, 1].isnan().all()
        assert not out[:, 0].isnan().any()


@POOL
def test_torch_finds_nothing_wrong_with_the_operation(pool: bool) -> None:
    weight, bias = torch.randn(2, 3).requires_grad_().unbind()
    x = images(2, 3, 5, 4)
    inputs = (x, weight.detach().requires_grad_(), bias.detach().requires_grad_(), 1e-5, "silu", pool)
    torch.library.opcheck(ops.norm_activation, inputs)


@POOL
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_without_a_break_it_gives_the_same(pool: bool) -> None:
    fused = layer(3, "silu", pool)
    compiled = torch.compile(copy.deepcopy(fused), fullgraph=True, backend="aot_eager")
    results = []
    for module in (fused, compiled):
        torch.manual_seed(1)
        x = images(2, 3, 6, 5)
        out = module(x)
        out.square().sum().backward()
        assert x.grad is not None
        results.append((out.detach(), x.grad, *(buffer.clone() for buffer in module.buffers())))
    for eager, traced in zip(*results, strict=True):
        torch.testing.assert_close(eager, traced)


# Not bf16, whose matrix products the interpreter gets wrong; tests/gpu has it.
@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_whitened_patches_are_those_of_a_convolution_and_gelu(channels: int, dtype: torch.dtype) -> None:
    x = images(7, channels, 8, 9, dtype=dtype).detach()
    assert len(x) * 7 * 8 > 2 * BLOCK_ROWS
    filters = 8 * channels
    weight, bias = torch.randn(filters, channels, 2, 2), torch.randn(filters)
    out = whiten_gelu(x, weight, bias)
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert not out[:, filters:].any()
    rounded = weight.to(dtype).double()
    exact = nn.functional.gelu(nn.functional.conv2d(x.double(), rounded, bias.double()))
    assert_rounded(out[:, :filters], exact, dtype)


def test_the_whitening_is_fused_unless_its_bias_is_trained() -> None:
    whitening = FusedPatchWhitening(3, size=2, mirrored=True, bias=True)
    pixels = torch.randn(6, 3, 17, 17)
    whitening.fit(pixels)
    trained = whitening(pixels)
    assert trained.shape[1] == 24
    assert trained.requires_grad
    with torch.no_grad():
        evaluated = whitening(pixels)
    assert whitening.bias is not None
    whitening.bias.requires_grad_(False)
    frozen = whitening(pixels)
    assert torch.equal(evaluated, frozen)
    assert frozen.shape[1] == 32
    torch.testing.assert_close(frozen[:, :24], trained.detach())


@pytest.mark.parametrize("bias_is_trained", [True, False])
@pytest.mark.parametrize("pool_first", [(False, False, False), (True, True, True)])
def test_the_network_trains_as_with_single_layers(
    pool_first: tuple[bool, bool, bool], bias_is_trained: bool
) -> None:
    plain, fused = (
        SpeedNet(3, 10, widths=(4, 6, 8), activation="silu", pool_first=pool_first, fused=fused)
        for fused in (False, True)
    )
    pixels = torch.randn(6, 3, 17, 17)
    plain.fit(pixels)
    fused.load_state_dict(plain.state_dict())
    for net in (plain, fused):
        assert net.whiten.bias is not None
        net.whiten.bias.requires_grad_(bias_is_trained)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        net(pixels.to(memory_format=torch.channels_last)).square().sum().backward()
    for (name, mine), (_, other) in zip(fused.named_parameters(), plain.named_parameters(), strict=True):
        if other.grad is not None:
            torch.testing.assert_close(mine.grad, other.grad, rtol=1e-4, atol=1e-4, msg=name)
    for mine, other in zip(fused.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)


def test_under_autocast_activations_are_bf16_and_statistics_fp32() -> None:
    net = SpeedNet(3, 10, widths=(4, 6, 8), activation="silu", fused=True)
    net.fit(torch.randn(6, 3, 16, 16))
    with torch.autocast("cpu", torch.bfloat16):
        features = net.groups(torch.randn(6, 24, 15, 15))
    assert features.dtype == torch.bfloat16
    features.float().sum().backward()
    assert all(buffer.dtype == torch.float32 for name, buffer in net.named_buffers() if "running" in name)
    assert all(
        p.grad is not None and p.grad.isfinite().all() for p in net.groups.parameters() if p.requires_grad
    )
