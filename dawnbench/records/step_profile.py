"""The peak rates of a machine, and the kernels of a training step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Peak:
    """The highest rate measured for one kind of work."""

    work: str
    """fp32, tf32, bf16 or fp16 for a product of two square matrices; memory or cache for a copy."""
    rate: float
    """FLOP/s of a product (2 n^3 each); bytes/s of a copy, each byte counted as one read and one write."""
    size: int
    """Rows of each matrix; bytes of each of the two buffers."""
    calls: int
    """How many were timed at this size; the fastest counts."""


@dataclass(frozen=True)
class Peaks:
    """The measured peaks of one device."""

    device: str
    """As torch names it."""
    device_name: str
    """As its maker names it."""
    threads: int | None
    """CPU threads that torch computes with; None if the host's threads do not compute."""
    products: tuple[Peak, ...]
    memory: Peak
    """A copy between buffers far larger than any cache."""
    cache: Peak
    """The fastest copy between buffers that fit in a cache."""
    skipped: tuple[str, ...]
    """What was not measured and why, one sentence each."""

    def product_rate(self, precision: str | None) -> float:
        """Return FLOP/s in a precision, or in fp32 if that precision was not measured."""
        rates = {peak.work: peak.rate for peak in self.products}
        return rates.get(precision or "fp32", rates["fp32"])


@dataclass(frozen=True)
class KernelRow:
    """One kernel, or one operation with inputs of the same shapes, over an average training step."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    """Of its tensors; () for a kernel without a known operation."""
    precision: str | None
    """Of its floating-point inputs; None if there are none or they were not seen."""
    calls: float
    """Per step."""
    seconds: float
    """Per step."""
    flops: float | None
    """Per step; None if not counted."""
    bytes: float | None
    """Per step, with inputs and outputs touched once each; None if not counted."""


@dataclass(frozen=True)
class StepProfile:
    """Where the time of a recipe's training step goes."""

    recipe_name: str
    precision: str
    batch_size: int
    steps: int
    """How many were timed, profiled and counted."""
    step_seconds: float
    """An average step without the profiler."""
    profiled_seconds: float
    """An average step under the profiler."""
    rows: tuple[KernelRow, ...]
    """Longest first."""
    peaks: Peaks

    @property
    def kernel_seconds(self) -> float:
        """Per step, the sum over all rows."""
        return sum(row.seconds for row in self.rows)
