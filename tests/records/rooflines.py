"""A machine with round peaks, and a profile on it in which every number can be worked out by hand."""

from __future__ import annotations

from dawnbench.records.step_profile import KernelRow, Peak, Peaks, StepProfile

PEAKS = Peaks(
    device="cpu",
    device_name="Example 9000",
    threads=2,
    products=(Peak("fp32", 1e12, 1024, 10), Peak("bf16", 2e12, 2048, 5)),
    memory=Peak("memory", 1e11, 1 << 29, 3),
    cache=Peak("cache", 5e11, 1 << 20, 300),
    skipped=("fp16 is left out: this processor has no instructions for it.",),
)


def row(
    name: str, seconds: float, flops: float | None, moved: float | None, precision: str | None = None
) -> KernelRow:
    return KernelRow(name, ((64, 8, 4, 4), (8,)), precision, 2.0, seconds, flops, moved)


ROWS = (
    row("convolution", 0.5, 5e11, 1e9, "bf16"),  # roof: 0.25 s of products
    row("relu", 0.2, 0, 1e10, "bf16"),  # roof: 0.1 s of memory
    row("mm", 0.1, 1e10, 5e9, "fp32"),  # roof: 0.05 s of memory, since it has few FLOPs a byte
    row("add", 0.05, 0, 1e10, "fp32"),  # roof: 0.1 s, which a cache beat
    row("Optimizer.step", 0.04, None, None),
    row("view", 0.01, 0, 0),
)
PROFILE = StepProfile("example", "bf16", 64, 3, 1.0, 1.0, ROWS, PEAKS)
