"""A layer of 2x2 patch whitening and gelu."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from dawnbench.models.fused import kernels_accept
from dawnbench.models.whitening import PatchWhitening

BLOCK_ROWS = 128
MIN_SIDE = 16
"""The least number of rows or columns that matrix units multiply."""


@torch.library.custom_op("dawnbench::whiten_gelu", mutates_args=())
def whiten_gelu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the gelu of x (N, C, H, W) filtered by `weight` (K, C, 2, 2) plus `bias` (K,), without gradient.

    The result is (N, P, H - 1, W - 1) in x's dtype and in `channels_last`, where P is the next power of two
    from K on: convolutions are faster on such a number of channels. The channels from K on are 0.
    """
    from dawnbench.models.fused.whiten_kernel import whiten_patches

    x = x.contiguous(memory_format=torch.channels_last)
    filters, channels = weight.shape[:2]
    out = _empty_output(x, weight)
    rows = out.numel() // out.shape[1]
    with torch.cuda.device_of(x):
        whiten_patches[(-(-rows // BLOCK_ROWS),)](
            x,
            weight.to(x.dtype, memory_format=torch.channels_last),
            bias,
            out,
            rows,
            *x.shape[2:],
            filters,
            channels=channels,
            taps=_side(4 * channels),
            out_channels=out.shape[1],
            block_rows=BLOCK_ROWS,
        )
    return out


@whiten_gelu.register_fake
def _output_shape(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return _empty_output(x, weight)


def _empty_output(x: Tensor, weight: Tensor) -> Tensor:
    shape = (x.shape[0], _side(weight.shape[0]), x.shape[2] - 1, x.shape[3] - 1)
    return torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)


def _side(least: int) -> int:
    return max(MIN_SIDE, 1 << (least - 1).bit_length())


class FusedPatchWhitening(PatchWhitening):
    """2x2 patch whitening and gelu, fused into one kernel on an NVIDIA GPU while its bias is not trained.

    Elsewhere torch's own layers run one after another. Input (N, C, H, W); output (N, K, H - 1, W - 1), on
    the GPU with further channels of 0 as `whiten_gelu` has them.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the gelu of the whitened patch at every position."""
        bias = self.bias
        if bias is None or (bias.requires_grad and torch.is_grad_enabled()) or not kernels_accept(x):
            return F.gelu(super().forward(x))
        return whiten_gelu(x, self.weight, bias)  # type: ignore[no-any-return]
