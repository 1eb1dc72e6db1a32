"""Kernels held against the peaks of their machine.

The model is the roofline of Williams, Waterman and Patterson (2009): a kernel takes at least its FLOPs over
the peak rate of its precision, and at least its bytes over the bandwidth of the memory. The longer of these
two times is its roof.
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
    """One kernel under its roof; what is None was not counted, or has nothing to be divided by."""

    row: KernelRow
    flop_rate: float | None
    """Achieved FLOP/s."""
    byte_rate: float | None
    """Achieved bytes/s."""
    intensity: float | None
    """FLOPs for each byte."""
    bound: Bound | None
    """Which roof is the lower one; None of a kernel that does nothing that is counted."""
    roof_seconds: float | None
    """The least time of a step's calls that the peaks allow; None where nobody counted."""

    @property
    def reached(self) -> float | None:
        """The share of its roof, 1 at the roof.

        It is more where caches served what the memory would have, or where a kernel skipped the padding that
        the formula counts.
        """
        return (
            None if self.bound is None or self.roof_seconds is None else self.roof_seconds / self.row.seconds
        )

    @property
    def best_seconds(self) -> float:
        """A step's time at the roof, or as it is where it is above the roof or not counted."""
        return self.row.seconds if self.roof_seconds is None else min(self.row.seconds, self.roof_seconds)


@dataclass(frozen=True)
class Family:
    """All kernels of one kind."""

    kind: Kind
    share: float
    """Of the step's time."""
    precision: str | None
    """That most of its FLOPs are in."""
    of_product_peak: float
    """FLOP/s over the peak of that precision; 0 where nothing was counted."""
    of_memory_peak: float
    """Bytes/s over the copy bandwidth of the memory; 0 where nothing was counted."""


@dataclass(frozen=True)
class Gap:
    """What lies between a step and its roofs."""

    whole_seconds: float
    """The step that the shares are of.

    Where the host computes it is the one under the profiler, which the kernels are parts of. A GPU's kernels
    take the same time without it, so there it is the step without; or all kernels, where these overlap.
    """
    between: float
    """Share of the step in which no kernel ran."""
    families: tuple[Family, ...]
    """The longest first."""
    best_seconds: float
    """A step whose every kernel meets its roof and starts as the one before it ends."""


def roofline(row: KernelRow, peaks: Peaks) -> Roofline:
    """Return one kernel under the roofs of its machine."""
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
    """Return where the step's time goes and what is left of it at the roofs."""
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
    """Return what a kernel mainly does, by what was counted."""
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
