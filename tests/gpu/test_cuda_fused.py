"""The fused layer of max pool, batch norm and activation on a GPU, where its kernels are compiled."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from dawnbench.models.fused.norm_act import ACTIVATIONS, Activation, FusedNormActivation
from dawnbench.models.fused.whiten import whiten_gelu

pytestmark = pytest.mark.gpu


def images(*shape: int) -> Tensor:
    made = torch.randn(shape, device="cuda").mul_(2).add_(3).bfloat16()
    return made.contiguous(memory_format=torch.channels_last).requires_grad_()


def layer(channels: int, activation: Activation, pool: bool) -> FusedNormActivation:
    built = FusedNormActivation(channels, activation, pool, momentum=0.44, epsilon=1e-12).cuda()
    nn.init.normal_(built.weight)
    nn.init.normal_(built.bias)
    return built


def exact(fused: FusedNormActivation, x: Tensor, incoming: Tensor) -> tuple[Tensor, nn.Module, Tensor]:
    """Return the output, the layer and the input's gradient by torch's layers in fp32."""
    norm = nn.BatchNorm2d(fused.num_features, fused.eps, fused.momentum).cuda()
    norm.load_state_dict(fused.state_dict())
    x = x.detach().float().requires_grad_()
    out = ACTIVATIONS[fused.activation](norm(nn.functional.max_pool2d(x, 2) if fused.pool else x))
    out.backward(incoming.float())
    assert x.grad is not None
    return out.detach(), norm, x.grad


# Not relu: of millions of values some lie so near 0 that two ways to compute them differ in sign.
@pytest.mark.parametrize("activation", ["silu", "gelu"])
@pytest.mark.parametrize(
    ("shape", "pool"), [((1536, 64, 31, 31), True), ((1536, 256, 7, 7), True), ((1536, 256, 7, 7), False)]
)
def test_a_whole_batch_gives_what_the_single_layers_give(
    shape: tuple[int, int, int, int], pool: bool, activation: Activation
) -> None:
    torch.manual_seed(0)
    fused, x = layer(shape[1], activation, pool), images(*shape)
    before = copy.deepcopy(fused)
    out = fused(x)
    incoming = torch.randn_like(out)
    out.backward(incoming)
    expected, norm, gradient = exact(before, x, incoming)
    assert x.grad is not None
    # One rounding to bf16 of what is exact but for fp32 sums of some hundred thousand values.
    torch.testing.assert_close(out.detach().float(), expected, rtol=1.01 * 2**-8, atol=1e-4)
    torch.testing.assert_close(x.grad.float(), gradient, rtol=1.01 * 2**-8, atol=1e-4)
    for result in (out, x.grad):
        assert result.is_contiguous(memory_format=torch.channels_last)
    for name, parameter in fused.named_parameters():
        assert parameter.grad is not None
        # Sums of values of either sign: what they lose goes by the sum's terms, not by what is left of it.
        torch.testing.assert_close(parameter.grad, norm.get_parameter(name).grad, rtol=1e-3, atol=0.5)
    for name, buffer in fused.named_buffers():
        torch.testing.assert_close(buffer, norm.get_buffer(name), rtol=1e-4, atol=1e-4)


def test_the_same_input_gives_the_same_bits() -> None:
    torch.manual_seed(0)
    fused, x = layer(64, "silu", pool=True), images(512, 64, 23, 23)
    incoming = torch.randn(512, 64, 11, 11, device="cuda").bfloat16()
    runs = [
        (out := fused(x), *torch.autograd.grad(out, (x, fused.weight, fused.bias), incoming))
        for _ in range(2)
    ]
    for first, second in zip(*runs, strict=True):
        assert torch.equal(first, second)


def test_it_is_captured_in_a_graph_and_follows_the_statistics_at_every_replay() -> None:
    torch.manual_seed(0)
    fused, x = layer(64, "silu", pool=True), images(64, 64, 15, 15)
    single = copy.deepcopy(fused)

    def step(module: nn.Module) -> None:
        module.zero_grad()
        module(x).float().square().sum().backward()

    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        step(fused)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(fused)
    for _ in range(2):
        graph.replay()
    for _ in range(3):
        step(single)
    assert fused.num_batches_tracked == 3
    torch.testing.assert_close(fused.running_mean, single.running_mean)
    assert fused.bias.grad is not None
    assert single.bias.grad is not None
    assert torch.equal(fused.bias.grad, single.bias.grad)


@pytest.mark.parametrize("pool", [True, False])
def test_compiled_by_inductor_it_gives_the_same(pool: bool) -> None:
    torch.manual_seed(0)
    fused = layer(64, "silu", pool)
    compiled = torch.compile(copy.deepcopy(fused), fullgraph=True, dynamic=False)
    x = images(64, 64, 15, 15)
    results = []
    for module in (fused, compiled):
        out = module(x)
        results.append((out, *torch.autograd.grad(out.float().square().sum(), x)))
    for eager, traced in zip(*results, strict=True):
        assert traced.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(eager, traced)


@pytest.mark.parametrize("side", [24, 28, 32])
def test_whitened_patches_are_those_of_a_convolution_and_gelu(side: int) -> None:
    torch.manual_seed(0)
    x = images(1536, 3, side, side).detach()
    weight, bias = torch.randn(24, 3, 2, 2, device="cuda").bfloat16(), torch.randn(24, device="cuda")
    out = whiten_gelu(x, weight.float(), bias)
    exact = nn.functional.gelu(nn.functional.conv2d(x.double(), weight.double(), bias.double()))
    torch.testing.assert_close(out[:, :24].double(), exact, rtol=1.01 * 2**-8, atol=1e-4)
    assert not out[:, 24:].any()
    assert out.is_contiguous(memory_format=torch.channels_last)
