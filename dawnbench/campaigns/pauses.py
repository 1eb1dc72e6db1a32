"""Detects pauses of a trial or of the whole machine."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dawnbench.records.schema import Segment
from dawnbench.telemetry.history import Gap

READS = 5
MIN_SUSPENDED_NS = 500_000_000
"""A machine takes longer than this to suspend and resume. Two clocks read in succession may differ slightly
if the process had to wait for its core in between."""


def suspended_ns() -> int:
    """Return the nanoseconds since boot during which the machine was suspended; 0 if no clock tells."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    return min(_read_clocks() for _ in range(READS))[1]


def _read_clocks() -> tuple[int, int]:
    """Return the duration of the reading (shorter is more accurate) and the difference of the clocks."""
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    booted = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) - before, booted - before


def suspend_warning(since_ns: int, now_ns: int) -> str | None:
    """Return a warning for two readings of `suspended_ns`, at a trial's start and end, or None."""
    if now_ns - since_ns < MIN_SUSPENDED_NS:
        return None
    return (
        f"the machine was suspended for {(now_ns - since_ns) / 1e9:.1f} s during the trial, which its times "
        "do not count; measure again"
    )


def pause_warning(gap: Gap | None, started_ns: int, segments: Sequence[Segment]) -> str | None:
    """Return a warning about the longest gap in the telemetry, or None; `segments` are the trial's."""
    if gap is None:
        return None
    start_ns, end_ns = gap.start_ns - started_ns, gap.start_ns - started_ns + gap.length_ns
    epochs = {s.epoch for s in segments if s.start_ns < end_ns and start_ns < s.start_ns + s.length_ns}
    known = sorted(epoch for epoch in epochs if epoch is not None)
    where = "" if not known else f" in epoch {known[0]}"
    if len(known) > 1:
        where = f" in epochs {known[0]} to {known[-1]}"
    return (
        f"nothing was sampled for {gap.length_ns / 1e9:.1f} s{where}: the process was stopped or swapped "
        "out, or the machine was paused, and the times include it; measure again"
    )
