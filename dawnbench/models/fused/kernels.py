"""The Triton kernels of max pool, batch norm and activation, forward and backward.

Importing this needs Triton. All tensors are dense in `channels_last` memory, so an image tensor (N, C, H, W)
is a matrix of N H W rows and C columns. "Pooled" are the values that are normalized; without a pool, those
are the input itself. Reductions over the rows run in two stages without atomic additions: each program
reduces `rows_per_program` consecutive rows to one row of partial results, and a second kernel combines these.
The same input therefore always gives the same bits. All arithmetic is in fp32.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def activate(z, activation: tl.constexpr):
    """Return the activation's value at z."""
    if activation == "silu":
        z = z * tl.sigmoid(z)
    elif activation == "gelu":
        z = 0.5 * z * (1 + tl.erf(z * 0.7071067811865476))
    elif activation == "relu":
        z = tl.where(z < 0, 0.0, z)  # a maximum would turn NaN into 0
    return z


@triton.jit
def slope(z, activation: tl.constexpr):
    """Return the activation's derivative at z."""
    if activation == "silu":
        share = tl.sigmoid(z)
        result = share * (1 + z * (1 - share))
    elif activation == "gelu":
        density = 0.3989422804014327 * tl.exp(-0.5 * z * z)
        result = 0.5 * (1 + tl.erf(z * 0.7071067811865476)) + z * density
    elif activation == "relu":
        result = tl.where(z > 0, 1.0, 0.0)
    else:
        result = tl.full(z.shape, 1.0, tl.float32)
    return result


@triton.jit
def first_pixel(row, channels, height, width):
    """Return the element in (N, height, width, channels) at which the 2x2 window of a pooled row starts."""
    pooled_height, pooled_width = height // 2, width // 2
    image = row // (pooled_height * pooled_width)
    within = row % (pooled_height * pooled_width)
    y, x = within // pooled_width, within % pooled_width
    # Large batches have more elements than 32 bits can count.
    return ((image.to(tl.int64) * height + 2 * y) * width + 2 * x) * channels


@triton.jit
def larger(best, pick, value, number: tl.constexpr):
    """Return the maximum so far and its window position. As in torch, the first of equals and NaN win."""
    value = value.to(tl.float32)
    wins = (value > best) | (value != value)
    return tl.where(wins, value, best), tl.where(wins, number, pick)


@triton.jit
def pool_and_measure(
    x,
    pooled,
    picks,
    means,
    squares,
    rows,
    channels,
    height,
    width,
    rows_per_program,
    stages: tl.constexpr,
    pool: tl.constexpr,
    block_rows: tl.constexpr,
    block_channels: tl.constexpr,
):
    """Write the pooled values and the place of each maximum in its window, 0 to 3, and measure the values.

    `means` and `squares` (programs, C) get each program's means and sums of squared deviations from them.
    Without `pool` only these are written. Each element of the block keeps its own running mean (Welford
    1962), because a plain sum of squares would lose a small variance beside a large mean.
    """
    part = tl.program_id(0)
    channel = tl.program_id(1) * block_channels + tl.arange(0, block_channels)
    exists = channel < channels
    mean = tl.zeros((block_rows, block_channels), tl.float32)
    square = tl.zeros((block_rows, block_channels), tl.float32)
    count = tl.zeros((block_rows,), tl.float32)
    end = tl.minimum(rows, (part + 1) * rows_per_program)
    for start in tl.range(0, rows_per_program, block_rows, num_stages=stages):
        row = part * rows_per_program + start + tl.arange(0, block_rows)
        present = row < end
        mask = present[:, None] & exists[None, :]
        place = row.to(tl.int64)[:, None] * channels + channel[None, :]
        if pool:
            corner = first_pixel(row, channels, height, width)[:, None] + channel[None, :]
            below = corner + width * channels
            value = tl.load(x + corner, mask, 0.0).to(tl.float32)
            pick = tl.zeros((block_rows, block_channels), tl.int32)
            value, pick = larger(value, pick, tl.load(x + corner + channels, mask, 0.0), 1)
            value, pick = larger(value, pick, tl.load(x + below, mask, 0.0), 2)
            value, pick = larger(value, pick, tl.load(x + below + channels, mask, 0.0), 3)
            tl.store(pooled + place, value.to(pooled.dtype.element_ty), mask)
            tl.store(picks + place, pick.to(tl.uint8), mask)
        else:
            value = tl.load(x + place, mask, 0.0).to(tl.float32)
        count += present.to(tl.float32)
        away = value - mean
        step = tl.where(mask, away * (1.0 / tl.maximum(count, 1.0))[:, None], 0.0)
        mean += step
        square += tl.where(mask, away * (away - step), 0.0)
    total = tl.sum(count, 0)
    joint = tl.sum(mean * count[:, None], 0) / total
    spread = mean - joint[None, :]
    square = tl.sum(square + count[:, None] * spread * spread, 0)
    tl.store(means + part * channels + channel, joint, exists)
    tl.store(squares + part * channels + channel, square, exists)


@triton.jit
def combine_measures(
    means,
    squares,
    mean_out,
    variance_out,
    rows,
    channels,
    rows_per_program,
    parts,
    block_parts: tl.constexpr,
    block_channels: tl.constexpr,
):
    """Combine the programs' means and squared deviations into the mean and the biased variance, each (C,).

    Chan, Golub and LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances".
    """
    part = tl.arange(0, block_parts)
    channel = tl.program_id(0) * block_channels + tl.arange(0, block_channels)
    exists = channel < channels
    mask = (part < parts)[:, None] & exists[None, :]
    place = part[:, None] * channels + channel[None, :]
    count = tl.minimum(rows - part * rows_per_program, rows_per_program)
    count = tl.where(part < parts, count, 0).to(tl.float32)[:, None]
    partial = tl.load(means + place, mask, 0.0)
    mean = tl.sum(partial * count, 0) / rows
    spread = partial - mean[None, :]
    variance = tl.sum(tl.load(squares + place, mask, 0.0) + count * spread * spread, 0) / rows
    tl.store(mean_out + channel, mean, exists)
    tl.store(variance_out + channel, variance, exists)


@triton.jit
def normalize(
    pooled,
    out,
    mean,
    variance,
    weight,
    bias,
    rows,
    channels,
    epsilon,
    activation: tl.constexpr,
    block_rows: tl.constexpr,
    block_channels: tl.constexpr,
):
    """Write the activation of the normalized, scaled and shifted values; (rows, C) in and out."""
    row = tl.program_id(0) * block_rows + tl.arange(0, block_rows)
    channel = tl.program_id(1) * block_channels + tl.arange(0, block_channels)
    exists = channel < channels
    mask = (row < rows)[:, None] & exists[None, :]
    place = row.to(tl.int64)[:, None] * channels + channel[None, :]
    centre = tl.load(mean + channel, exists, 0.0)
    scale = tl.rsqrt(tl.load(variance + channel, exists, 1.0) + epsilon)
    factor = scale * tl.load(weight + channel, exists, 0.0).to(tl.float32)
    shift = tl.load(bias + channel, exists, 0.0).to(tl.float32)
    value = tl.load(pooled + place, mask, 0.0).to(tl.float32)
    z = (value - centre[None, :]) * factor[None, :] + shift[None, :]
    tl.store(out + place, activate(z, activation).to(out.dtype.element_ty), mask)


@triton.jit
def sum_gradients(
    gradient,
    pooled,
    mean,
    variance,
    weight,
    bias,
    bias_sums,
    weight_sums,
    rows,
    channels,
    epsilon,
    rows_per_program,
    stages: tl.constexpr,
    activation: tl.constexpr,
    block_rows: tl.constexpr,
    block_channels: tl.constexpr,
):
    """Write each program's sums of the gradient before the activation, and of it times the normalized value.

    `bias_sums` and `weight_sums` are (programs, C).
    """
    part = tl.program_id(0)
    channel = tl.program_id(1) * block_channels + tl.arange(0, block_channels)
    exists = channel < channels
    centre = tl.load(mean + channel, exists, 0.0)[None, :]
    scale = tl.rsqrt(tl.load(variance + channel, exists, 1.0) + epsilon)[None, :]
    factor = tl.load(weight + channel, exists, 0.0).to(tl.float32)[None, :]
    shift = tl.load(bias + channel, exists, 0.0).to(tl.float32)[None, :]
    plain = tl.zeros((block_rows, block_channels), tl.float32)
    weighted = tl.zeros((block_rows, block_channels), tl.float32)
    end = tl.minimum(rows, (part + 1) * rows_per_program)
    for start in tl.range(0, rows_per_program, block_rows, num_stages=stages):
        row = part * rows_per_program + start + tl.arange(0, block_rows)
        mask = (row < end)[:, None] & exists[None, :]
        place = row.to(tl.int64)[:, None] * channels + channel[None, :]
        unit = (tl.load(pooled + place, mask, 0.0).to(tl.float32) - centre) * scale
        incoming = tl.load(gradient + place, mask, 0.0).to(tl.float32)
        inner = tl.where(mask, incoming * slope(unit * factor + shift, activation), 0.0)
        plain += inner
        weighted += inner * unit
    tl.store(bias_sums + part * channels + channel, tl.sum(plain, 0), exists)
    tl.store(weight_sums + part * channels + channel, tl.sum(weighted, 0), exists)


@triton.jit
def combine_sums(
    bias_sums,
    weight_sums,
    bias_gradient,
    weight_gradient,
    channels,
    parts,
    block_parts: tl.constexpr,
    block_channels: tl.constexpr,
):
    """Add up the programs' sums (programs, C) to the gradients of the bias and the weight, each (C,)."""
    part = tl.arange(0, block_parts)
    channel = tl.program_id(0) * block_channels + tl.arange(0, block_channels)
    exists = channel < channels
    mask = (part < parts)[:, None] & exists[None, :]
    place = part[:, None] * channels + channel[None, :]
    tl.store(bias_gradient + channel, tl.sum(tl.load(bias_sums + place, mask, 0.0), 0), exists)
    tl.store(weight_gradient + channel, tl.sum(tl.load(weight_sums + place, mask, 0.0), 0), exists)


@triton.jit
def input_gradient(
    gradient,
    pooled,
    picks,
    mean,
    variance,
    weight,
    bias,
    bias_gradient,
    weight_gradient,
    out,
    windows,
    rows,
    channels,
    height,
    width,
    epsilon,
    activation: tl.constexpr,
    pool: tl.constexpr,
    block_rows: tl.constexpr,
    block_channels: tl.constexpr,
):
    """Write the gradient of the input, (N, H, W, C); with `pool` at the maxima, and zeros everywhere else.

    `windows` counts all 2x2 windows that touch the input, including those cut off at an odd edge, from which
    nothing was pooled; `rows` the pooled ones. Without `pool` both are N H W.
    """
    window = tl.program_id(0) * block_rows + tl.arange(0, block_rows)
    channel = tl.program_id(1) * block_channels + tl.arange(0, block_channels)
    exists = channel < channels
    present = window < windows
    if pool:
        across, down = (width + 1) // 2, (height + 1) // 2
        image = (window // (across * down)).to(tl.int64)
        y, x = (window // across) % down, window % across
        row = (image * (height // 2) + y) * (width // 2) + x
        counted = present & (y < height // 2) & (x < width // 2)
    else:
        row = window.to(tl.int64)
        counted = present
    mask = counted[:, None] & exists[None, :]
    place = row[:, None] * channels + channel[None, :]

    centre = tl.load(mean + channel, exists, 0.0)[None, :]
    scale = tl.rsqrt(tl.load(variance + channel, exists, 1.0) + epsilon)[None, :]
    factor = tl.load(weight + channel, exists, 0.0).to(tl.float32)[None, :]
    shift = tl.load(bias + channel, exists, 0.0).to(tl.float32)[None, :]
    share = 1.0 / rows
    mean_gradient = tl.load(bias_gradient + channel, exists, 0.0)[None, :] * share
    mean_product = tl.load(weight_gradient + channel, exists, 0.0)[None, :] * share

    unit = (tl.load(pooled + place, mask, 0.0).to(tl.float32) - centre) * scale
    incoming = tl.load(gradient + place, mask, 0.0).to(tl.float32)
    inner = incoming * slope(unit * factor + shift, activation)
    inner = (inner - mean_gradient - unit * mean_product) * (factor * scale)
    inner = inner.to(out.dtype.element_ty)
    if pool:
        pick = tl.load(picks + place, mask, 4).to(tl.int32)  # 4: no pixel of the window
        corner = ((image * height + 2 * y) * width + 2 * x)[:, None] * channels + channel[None, :]
        zero = tl.zeros((block_rows, block_channels), out.dtype.element_ty)
        touches = present[:, None] & exists[None, :]
        right = touches & (2 * x + 1 < width)[:, None]
        below = (2 * y + 1 < height)[:, None]
        tl.store(out + corner, tl.where(pick == 0, inner, zero), touches)
        tl.store(out + corner + channels, tl.where(pick == 1, inner, zero), right)
        corner += width * channels
        tl.store(out + corner, tl.where(pick == 2, inner, zero), touches & below)
        tl.store(out + corner + channels, tl.where(pick == 3, inner, zero), right & below)
    else:
        tl.store(out + place, inner, mask)
