"""Measures the peak rates of a roofline: matrix products in each precision, and copies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from dawnbench.engine.device import Device
from dawnbench.engine.device.base import DTYPES
from dawnbench.errors import DawnbenchError
from dawnbench.records.step_profile import Peak, Peaks

PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
SIDES = (512, 1024, 2048, 4096, 8192)
"""Matrix sizes to try, as far as time allows."""
CACHED_BYTES = tuple(1 << shift for shift in range(17, 25))
"""128 KiB, which fits into one core's cache, to 16 MiB."""
MEMORY_BYTES = 1 << 29
"""512 MiB, well beyond the last-level cache of any device that torch supports."""
SECONDS = 1.5
"""Time for one peak."""


def measure_peaks(device: Device, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> Peaks:
    """Measure each peak for about `seconds`; the memory peak copies `memory_bytes`.

    Raises:
        DawnbenchError: there is not enough memory for the two copy buffers.
    """
    free = device.free_memory_bytes()
    if free is not None and free < 4 * memory_bytes:
        raise DawnbenchError(
            f"{device.torch} has {free / 1e9:.1f} GB free, but measuring its memory takes "
            f"{4 * memory_bytes / 1e9:.1f} GB; close other programs that use it"
        )
    products, skipped = [], []
    for precision in PRECISIONS:
        why = _why_unsupported(device, precision)
        if why is None:
            products.append(_product(device, precision, seconds))
        elif why:
            skipped.append(why)
    return Peaks(
        device=str(device.torch),
        device_name=device.product_name,
        threads=device.threads,
        products=tuple(products),
        memory=_copy(device, "memory", [memory_bytes], seconds),
        cache=_copy(device, "cache", CACHED_BYTES, seconds),
        skipped=tuple(skipped),
    )


def _why_unsupported(device: Device, precision: str) -> str | None:
    """Return None if the device supports the precision, "" if it is irrelevant here, else the reason."""
    kind = device.torch.type
    if precision == "tf32":
        ampere = kind == "cuda" and torch.cuda.get_device_capability(device.torch) >= (8, 0)
        return None if ampere else ""
    if kind == "cpu" and precision != "fp32":
        wanted = {
            "bf16": ("amx_bf16", "avx512_bf16", "avx10_1", "bf16"),
            "fp16": ("amx_fp16", "avx512_fp16", "avx10_1", "fp16_arith"),
        }[precision]
        capabilities = torch.cpu.get_capabilities()
        if not any(capabilities.get(name) for name in wanted):
            return f"{precision} is left out: this processor has no instructions for it."
    if kind == "cuda" and precision == "bf16" and torch.cuda.get_device_capability(device.torch) < (8, 0):
        return "bf16 is left out: this GPU has no tensor cores for it."
    try:
        torch.ones(1, dtype=DTYPES.get(precision), device=device.torch)
    except (TypeError, RuntimeError):
        return f"{precision} is left out: torch does not support it on {kind}."
    return None


def _product(device: Device, precision: str, seconds: float) -> Peak:
    dtype = DTYPES.get(precision, torch.float32)
    best: Peak | None = None
    deadline = time.perf_counter() + seconds
    with _float32_products("high" if precision == "tf32" else "highest"):
        for side in SIDES:
            left, right = (torch.randn(side, side, device=device.torch).to(dtype) for _ in range(2))
            product = torch.empty_like(left)
            timing = fastest(lambda: torch.mm(left, right, out=product), device, seconds / len(SIDES))  # noqa: B023
            rate = 2 * side**3 / timing.seconds
            if best is None or rate > best.rate:
                best = Peak(precision, rate, side, timing.calls)
            # The next size is called at least twice, and takes eight times as long.
            if time.perf_counter() + 16 * timing.seconds > deadline:
                break
    assert best is not None
    return best


@contextmanager
def _float32_products(how: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(how)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _copy(device: Device, work: str, sizes: Iterable[int], seconds: float) -> Peak:
    sizes = tuple(sizes)
    peaks = []
    for size in sizes:
        source = torch.ones(size // 4, device=device.torch)
        target = torch.empty_like(source)
        timing = fastest(lambda: target.copy_(source), device, seconds / len(sizes))  # noqa: B023
        peaks.append(Peak(work, 2 * size / timing.seconds, size, timing.calls))
    return max(peaks, key=lambda peak: peak.rate)


MIN_BATCH_SECONDS = 2e-3
"""The minimum time between two marks, below which the overhead of the marks would show."""


@dataclass(frozen=True)
class Timing:
    """The timing of a piece of work."""

    seconds: float
    """Per call, in the fastest batch of calls."""
    calls: int
    """Number of timed calls."""


def fastest(work: Callable[[], object], device: Device, seconds: float) -> Timing:
    """Call `work` for about `seconds` of host time and return its shortest time.

    Calls are timed in batches that are long enough for the clock, at least one batch.
    """
    work()  # the first call tunes and allocates
    device.synchronize()
    deadline = time.perf_counter() + seconds
    best, calls, batch = float("inf"), 0, 1
    while True:
        start = device.mark()
        for _ in range(batch):
            work()
        took = device.elapsed_ns(start, device.mark()) / 1e9
        over = time.perf_counter() >= deadline
        if took >= MIN_BATCH_SECONDS or over:
            calls += batch
            best = min(best, took / batch)
        else:
            batch *= 2
        if over:
            return Timing(best, calls)
