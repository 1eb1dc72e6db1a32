"""The Triton kernel of 2x2 patch whitening and gelu. Importing this needs Triton."""

from __future__ import annotations

import triton
import triton.language as tl

from dawnbench.models.fused.kernels import activate


@triton.jit
def whiten_patches(
    x,
    weight,
    bias,
    out,
    rows,
    height,
    width,
    filters,
    channels: tl.constexpr,
    taps: tl.constexpr,
    out_channels: tl.constexpr,
    block_rows: tl.constexpr,
):
    """Write the gelu of the filtered 2x2 patch at every position, (rows, out_channels), in fp32 arithmetic.

    `x` is (N, height, width, channels), `weight` (filters, 2, 2, channels) of the same type, `bias`
    (filters,) and `rows` N (height - 1) (width - 1). `taps` is at least 4 `channels` and `out_channels` at
    least `filters`, both powers of two from 16 on, as matrix units need them; further channels are 0.
    """
    row = tl.program_id(0) * block_rows + tl.arange(0, block_rows)
    present = (row < rows)[:, None]
    image = row // ((height - 1) * (width - 1))
    within = row % ((height - 1) * (width - 1))
    corner = ((image.to(tl.int64) * height + within // (width - 1)) * width + within % (width - 1)) * channels
    tap, channel = tl.arange(0, taps), tl.arange(0, out_channels)
    # The two pixels of a patch's row are neighbors in memory.
    offset = tap // (2 * channels) * width * channels + tap % (2 * channels)
    is_tap, is_filter = tap < 4 * channels, channel < filters
    patch = tl.load(x + corner[:, None] + offset[None, :], present & is_tap[None, :], 0.0)
    place = channel[None, :] * (4 * channels) + tap[:, None]
    matrix = tl.load(weight + place, is_tap[:, None] & is_filter[None, :], 0.0)
    value = tl.dot(patch, matrix) + tl.load(bias + channel, is_filter, 0.0).to(tl.float32)[None, :]
    place = row.to(tl.int64)[:, None] * out_channels + channel[None, :]
    tl.store(out + place, activate(value, "gelu").to(out.dtype.element_ty), present)
