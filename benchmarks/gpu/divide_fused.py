"""Time the fused kernels under several divisions of their work: `python -m benchmarks.gpu.divide_fused`.

Prints microseconds of a step of 1,536 images at 32 pixels, by kernel, for settings of BLOCK, MAX_PROGRAMS and
STAGES in dawnbench/models/fused/ops.py, and the whitening for settings of its BLOCK_ROWS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from dawnbench.models.fused import ops, whiten

IMAGES, REPEATS = 1_536, 8
LAYERS = (
    (64, 31, True),
    (64, 15, False),
    (256, 15, True),
    (256, 7, False),
    (256, 7, True),
    (256, 3, False),
)
"""Channels, pixels and whether the layer pools."""
KERNELS = ("pool_and_measure", "normalize", "sum_gradients", "input_gradient")
DIVISIONS = tuple(product((2048, 1024), (512, 1024), (1, 2, 3)))
ROWS = (64, 128, 256)


def images(channels: int, pixels: int) -> Tensor:
    drawn = torch.randn(IMAGES, channels, pixels, pixels, device="cuda").bfloat16()
    return drawn.contiguous(memory_format=torch.channels_last)


def microseconds(work: Callable[[], object]) -> dict[str, float]:
    """Return each kernel's time in one call: the least of several for each launch, summed."""
    work()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        for _ in range(REPEATS):
            work()
        torch.cuda.synchronize()
    times: defaultdict[str, list[float]] = defaultdict(list)
    for event in profiled.events():
        times[event.name].append(event.device_time_total)
    # What did not happen in every call is none of its kernels.
    launched = {name: of_one for name, of_one in times.items() if len(of_one) % REPEATS == 0}
    return {name: np.reshape(of_one, (REPEATS, -1)).min(0).sum() for name, of_one in launched.items()}


def main() -> None:
    layers = [
        (images(channels, pixels), torch.ones(channels, device="cuda"), pool)
        for channels, pixels, pool in LAYERS
    ]

    def forward_and_backward() -> None:
        for x, ones, pool in layers:
            kept = (ones, ones, 1e-12, "silu", pool)
            out, pooled, picks, mean, variance = ops.norm_activation(x, *kept)
            saved = (pooled if pool else x, picks, mean, variance, ones, ones)
            ops.norm_activation_backward(out, *saved, *x.shape[2:], *kept[2:])

    print("block programs stages", *KERNELS)
    for division in DIVISIONS:
        ops.BLOCK, ops.MAX_PROGRAMS, ops.STAGES = division
        found = microseconds(forward_and_backward)
        print(*division, *(f"{found[name]:.0f}" for name in KERNELS), flush=True)
    x = images(3, 32)
    weight, bias = torch.randn(24, 3, 2, 2, device="cuda"), torch.randn(24, device="cuda")
    for rows in ROWS:
        whiten.BLOCK_ROWS = rows
        found = microseconds(lambda: whiten.whiten_gelu(x, weight, bias))
        print(f"whitening, {rows} rows: {found['whiten_patches']:.1f}", flush=True)


if __name__ == "__main__":
    main()
