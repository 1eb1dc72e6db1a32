"""Kernels compared with the peaks of their machine.

The model is the roofline of Williams, Waterman and Patterson (2009): a kernel takes at least its FLOPs over
the peak rate of its precision, and at least its bytes over the memory bandwidth. The longer of these two
times is its roof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dawnbench.records.step_profile import KernelRow, Peaks, StepProfile

Bound = Literal["compute", "memory"]
Kind = Literal["convolutions", "matrix products", "memory", "overhead", "uncounted"]
KINDS: tuple[Kind, ...] = ("convolutions", "matrix products", "memory", "overhead", "uncounted")


@dataclass(frozen=True)
class Roofline:
    """One kernel under its roof; a value is None if it was not counted or its divisor is zero."""

    row: KernelRow
    flop_rate: float | None
    """Achieved FLOP/s."""
    byte_rate: float | None
    """Achieved bytes/s."""
    intensity: float | None
    """FLOPs per byte."""
    bound: Bound | None
    """Which roof is the lower one; None for a kernel that does nothing that is counted."""
    roof_seconds: float | None
    """The shortest time that the peaks allow for a step's calls; None if nothing was counted."""

    @property
    def reached(self) -> float | None:
        """The share of its roof, 1 at the roof.

        It exceeds 1 if caches served what the formula charges to memory, or if the kernel skipped padding
        that the formula counts.
        """
        return (
            None if self.bound is None or self.roof_seconds is None else self.roof_seconds / self.row.seconds
        )

    @property
    def best_seconds(self) -> float:
        """A step's time at the roof, or the measured time if that is shorter or nothing was counted."""
        return self.row.seconds if self.roof_seconds is None else min(self.row.seconds, self.roof_seconds)


@dataclass(frozen=True)
class Family:
    """All kernels of one kind."""

    kind: Kind
    share: float
    """Of the step's time."""
    precision: str | None
    """The precision of most of its FLOPs."""
    of_product_peak: float
    """FLOP/s over the peak of that precision; 0 if nothing was counted."""
    of_memory_peak: float
    """Bytes/s over the memory's copy bandwidth; 0 if nothing was counted."""


@dataclass(frozen=True)
class Gap:
    """The gap between a step and its roofs."""

    whole_seconds: float
    """The step time that the shares refer to.

    On a CPU it is the step under the profiler, which slows its kernels. A GPU's kernels take the same time
    without the profiler, so there it is the step without it, or the sum of all kernels if they overlap.
    """
    between: float
    """Share of the step in which no kernel ran."""
    families: tuple[Family, ...]
    """Longest first."""
    best_seconds: float
    """A step in which every kernel meets its roof and starts when the one before it ends."""


def roofline(row: KernelRow, peaks: Peaks) -> Roofline:
    """Return a kernel's rates and its roof on this machine."""
    if row.flops is None or row.bytes is None:
        return Roofline(row, None, None, None, None, None)
    compute = row.flops / peaks.product_rate(row.precision)
    memory = row.bytes / peaks.memory.rate
    bound: Bound | None = None
    if row.flops or row.bytes:
        bound = "compute" if compute > memory else "memory"
    return Roofline(
        row=row,
        flop_rate=row.flops / row.seconds,
        byte_rate=row.bytes / row.seconds,
        intensity=row.flops / row.bytes if row.bytes else None,
        bound=bound,
        roof_seconds=max(compute, memory),
    )


def find_gap(profile: StepProfile) -> Gap:
    """Return where the step's time goes and how long it would take at the roofs."""
    on_host = profile.peaks.threads is not None
    whole = max(profile.profiled_seconds if on_host else profile.step_seconds, profile.kernel_seconds)
    of_kind = {kind: [row for row in profile.rows if kind_of(row) == kind] for kind in KINDS}
    families = [_family(kind, rows, whole, profile.peaks) for kind, rows in of_kind.items() if rows]
    return Gap(
        whole_seconds=whole,
        between=1 - profile.kernel_seconds / whole,
        families=tuple(sorted(families, key=lambda family: -family.share)),
        best_seconds=sum(roofline(row, profile.peaks).best_seconds for row in profile.rows),
    )


def kind_of(row: KernelRow) -> Kind:
    """Return what a kernel mainly does, judged by what was counted."""
    if row.flops is None or row.bytes is None:
        return "uncounted"
    if row.flops:
        return "convolutions" if "conv" in row.name else "matrix products"
    return "memory" if row.bytes else "overhead"


def _family(kind: Kind, rows: Sequence[KernelRow], whole: float, peaks: Peaks) -> Family:
    seconds = sum(row.seconds for row in rows)
    flops = sum(row.flops or 0 for row in rows)
    precision = max(rows, key=lambda row: row.flops or 0).precision
    return Family(
        kind=kind,
        share=seconds / whole,
        precision=precision,
        of_product_peak=flops / seconds / peaks.product_rate(precision),
        of_memory_peak=sum(row.bytes or 0 for row in rows) / seconds / peaks.memory.rate,
    )
