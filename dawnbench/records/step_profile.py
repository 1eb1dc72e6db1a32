"""What a machine can do at most, and what the kernels of a training step do with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Peak:
    """The highest rate that one kind of work reached."""

    work: str
    """fp32, tf32, bf16 or fp16 for a product of two square matrices; memory or cache for a copy."""
    rate: float
    """FLOP/s of a product (2 n^3 each); bytes/s of a copy, each byte counted once read and once written."""
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
    """As its maker does."""
    threads: int | None
    """That torch computes with; None where the host's threads do not compute."""
    products: tuple[Peak, ...]
    memory: Peak
    """A copy between buffers far larger than any cache."""
    cache: Peak
    """The fastest copy between buffers of any size that a cache may hold."""
    skipped: tuple[str, ...]
    """What was not measured, and why: a sentence each."""

    def product_rate(self, precision: str | None) -> float:
        """Return FLOP/s in a precision; in fp32 where that precision was not measured."""
        rates = {peak.work: peak.rate for peak in self.products}
        return rates.get(precision or "fp32", rates["fp32"])


@dataclass(frozen=True)
class KernelRow:
    """One kernel, or one operation with inputs of the same shapes, over an average training step."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    """Of its tensors; () of a kernel that no operation was found for."""
    precision: str | None
    """Of its floating-point inputs; None where there are none or they were not seen."""
    calls: float
    """A step."""
    seconds: float
    """A step."""
    flops: float | None
    """A step; None where nobody counted."""
    bytes: float | None
    """A step, its inputs and outputs touched once each; None where nobody counted."""


@dataclass(frozen=True)
class StepProfile:
    """Where the time of a recipe's training step goes."""

    recipe_name: str
    precision: str
    batch_size: int
    steps: int
    """That were timed, profiled and counted."""
    step_seconds: float
    """An average step without the profiler."""
    profiled_seconds: float
    """An average step under the profiler."""
    rows: tuple[KernelRow, ...]
    """The longest first."""
    peaks: Peaks

    @property
    def kernel_seconds(self) -> float:
        """Of all rows, a step."""
        return sum(row.seconds for row in self.rows)
