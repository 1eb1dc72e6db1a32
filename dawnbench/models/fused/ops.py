"""Max pool, batch norm and activation as one differentiable operation of torch's library.

`torch.compile` does not look inside it, and CUDA graphs can capture it: nothing here reads a value on the
host.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

MAX_PROGRAMS = 512
"""Programs in a reduction's first stage: enough to keep a GPU of 132 multiprocessors busy with four on each,
and few enough for the second stage to read their results as one block. It does not depend on the GPU, because
the last bits of the results depend on it."""
MAX_BLOCK_CHANNELS = 64  # 128 bytes of bf16, a whole cache line
BLOCK = 2048  # elements; two fp32 sums of each stay within the registers of 128 threads
LIGHT_BLOCK = 4096  # elements, for the one kernel that needs few registers
STAGES = 1  # of a reduction's loop: how many blocks are being loaded at once
COMBINED_CHANNELS = 8  # 32 bytes of fp32, the smallest memory transaction


class Grid:
    """How the programs of a kernel divide a matrix of `rows` times `channels` elements."""

    def __init__(self, rows: int, channels: int) -> None:
        self.rows, self.channels = rows, channels
        self.block_channels = min(MAX_BLOCK_CHANNELS, _power_of_two(channels))
        self.across = _ceil_div(channels, self.block_channels)
        self.block_rows = BLOCK // self.block_channels
        self.light_rows = LIGHT_BLOCK // self.block_channels
        parts = max(1, MAX_PROGRAMS // self.across)
        self.rows_per_program = _ceil_div(_ceil_div(rows, parts), self.block_rows) * self.block_rows
        self.parts = _ceil_div(rows, self.rows_per_program)

    @property
    def reduction(self) -> tuple[int, int]:
        """The programs of a reduction's first stage."""
        return self.parts, self.across

    @property
    def combination(self) -> tuple[int]:
        """The programs of its second stage."""
        return (_ceil_div(self.channels, COMBINED_CHANNELS),)

    def elementwise(self, block_rows: int) -> tuple[int, int]:
        """Return the programs that cover every element once, each with `block_rows` rows."""
        return _ceil_div(self.rows, block_rows), self.across

    def partial_sums(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return two empty tensors of one row of fp32 for each program of the first stage."""
        first, second = torch.empty(2, self.parts, self.channels, dtype=torch.float32, device=like.device)
        return first, second


def _ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


def _pixels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _empty_images(like: Tensor, height: int, width: int, dtype: torch.dtype) -> Tensor:
    shape = (*like.shape[:2], height, width)
    return torch.empty(shape, dtype=dtype, device=like.device, memory_format=torch.channels_last)


def _outputs(x: Tensor, pool: bool) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return empty tensors for the results of `norm_activation`."""
    height, width = x.shape[2:]
    if pool:
        height, width = height // 2, width // 2
        pooled = _empty_images(x, height, width, x.dtype)
        picks = _empty_images(x, height, width, torch.uint8)
    else:
        pooled, picks = x.new_empty(0), x.new_empty(0, dtype=torch.uint8)
    mean, variance = (x.new_empty(x.shape[1], dtype=torch.float32) for _ in range(2))
    return _empty_images(x, height, width, x.dtype), pooled, picks, mean, variance


@torch.library.custom_op("dawnbench::norm_activation", mutates_args=())
def norm_activation(
    x: Tensor, weight: Tensor, bias: Tensor, epsilon: float, activation: str, pool: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Pool x (N, C, H, W), normalize it by the statistics of all its pooled pixels, and apply the activation.

    `activation` is silu, gelu, relu or none; `weight` and `bias` are (C,). Without `pool` nothing is pooled.
    Returns the activations in x's dtype and in `channels_last`; what the backward pass needs from the pool
    (the pooled values and the place of each maximum in its window, or two empty tensors); and in fp32 the
    means (C,) and biased variances (C,).
    """
    from dawnbench.models.fused import kernels

    x = _pixels_last(x)
    out, pooled, picks, mean, variance = results = _outputs(x, pool)
    grid = Grid(out.numel() // out.shape[1], out.shape[1])
    means, squares = grid.partial_sums(x)
    with torch.cuda.device_of(x):
        kernels.pool_and_measure[grid.reduction](
            x,
            pooled,
            picks,
            means,
            squares,
            grid.rows,
            grid.channels,
            *x.shape[2:],
            grid.rows_per_program,
            stages=STAGES,
            pool=pool,
            block_rows=grid.block_rows,
            block_channels=grid.block_channels,
        )
        kernels.combine_measures[grid.combination](
            means,
            squares,
            mean,
            variance,
            grid.rows,
            grid.channels,
            grid.rows_per_program,
            grid.parts,
            block_parts=_power_of_two(grid.parts),
            block_channels=COMBINED_CHANNELS,
        )
        kernels.normalize[grid.elementwise(grid.light_rows)](
            pooled if pool else x,
            out,
            mean,
            variance,
            weight,
            bias,
            grid.rows,
            grid.channels,
            epsilon,
            activation=activation,
            block_rows=grid.light_rows,
            block_channels=grid.block_channels,
        )
    return results


@norm_activation.register_fake
def _norm_activation_shapes(
    x: Tensor, weight: Tensor, bias: Tensor, epsilon: float, activation: str, pool: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    return _outputs(x, pool)


@torch.library.custom_op("dawnbench::norm_activation_backward", mutates_args=())
def norm_activation_backward(
    gradient: Tensor,
    pooled: Tensor,
    picks: Tensor,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor,
    bias: Tensor,
    height: int,
    width: int,
    epsilon: float,
    activation: str,
    pool: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of x (N, C, height, width), of the weight and of the bias, each (C,).

    `gradient` is that of the activations. `pooled`, `picks`, `mean` and `variance` are what `norm_activation`
    returned; without `pool`, `pooled` is x itself.
    """
    from dawnbench.models.fused import kernels

    gradient, pooled = _pixels_last(gradient), _pixels_last(pooled)
    images, channels = pooled.shape[:2]
    grid = Grid(pooled.numel() // channels, channels)
    # Windows cut off at an odd edge were not pooled: their gradient is 0.
    windows = images * _ceil_div(height, 2) * _ceil_div(width, 2) if pool else grid.rows
    bias_sums, weight_sums = grid.partial_sums(pooled)
    bias_gradient, weight_gradient = torch.empty_like(mean), torch.empty_like(mean)
    out = _empty_images(pooled, height, width, pooled.dtype)
    known = (mean, variance, weight, bias)
    with torch.cuda.device_of(gradient):
        kernels.sum_gradients[grid.reduction](
            gradient,
            pooled,
            *known,
            bias_sums,
            weight_sums,
            grid.rows,
            channels,
            epsilon,
            grid.rows_per_program,
            stages=STAGES,
            activation=activation,
            block_rows=grid.block_rows,
            block_channels=grid.block_channels,
        )
        kernels.combine_sums[grid.combination](
            bias_sums,
            weight_sums,
            bias_gradient,
            weight_gradient,
            channels,
            grid.parts,
            block_parts=_power_of_two(grid.parts),
            block_channels=COMBINED_CHANNELS,
        )
        kernels.input_gradient[Grid(windows, channels).elementwise(grid.block_rows)](
            gradient,
            pooled,
            picks,
            *known,
            bias_gradient,
            weight_gradient,
            out,
            windows,
            grid.rows,
            channels,
            height,
            width,
            epsilon,
            activation=activation,
            pool=pool,
            block_rows=grid.block_rows,
            block_channels=grid.block_channels,
        )
    return out, weight_gradient.to(weight.dtype), bias_gradient.to(bias.dtype)


@norm_activation_backward.register_fake
def _gradient_shapes(
    gradient: Tensor,
    pooled: Tensor,
    picks: Tensor,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor,
    bias: Tensor,
    height: int,
    width: int,
    epsilon: float,
    activation: str,
    pool: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    return (
        _empty_images(pooled, height, width, pooled.dtype),
        torch.empty_like(weight),
        torch.empty_like(bias),
    )


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, weight, bias, ctx.epsilon, ctx.activation, ctx.pool = inputs
    _, pooled, picks, mean, variance = output
    ctx.size = x.shape[2:]
    ctx.save_for_backward(pooled if ctx.pool else x, picks, mean, variance, weight, bias)
    # Otherwise the backward pass would get zeros for each of these, and the pooled values are large.
    ctx.set_materialize_grads(False)
    ctx.mark_non_differentiable(pooled, picks, mean, variance)


def _differentiate(ctx: Any, gradient: Tensor | None, *_unused: Any) -> tuple[Tensor | None, ...]:
    if gradient is None:
        return (None,) * 6
    gradients = norm_activation_backward(
        gradient, *ctx.saved_tensors, *ctx.size, ctx.epsilon, ctx.activation, ctx.pool
    )
    wanted = (
        given if needed else None for given, needed in zip(gradients, ctx.needs_input_grad, strict=False)
    )
    return (*wanted, None, None, None)


norm_activation.register_autograd(_differentiate, setup_context=_keep)
