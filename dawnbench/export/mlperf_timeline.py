"""When the events of a trial happened, in the order of an MLPerf log: one clock, which never pauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dawnbench.export.run_facts import created_at
from dawnbench.records.reader import Run
from dawnbench.records.schema import Segment, TrialRecord

EVALUATIONS = ("evaluate", "final_evaluate")
WITHOUT_DATA = frozenset({"startup", "build", "compile", "record"})
"""Segments that may come before the clock starts: they read no image of the data set."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One trial, as a process that ran it alone would have seen it."""

    segments: tuple[Segment, ...]
    """The segments up to the epoch of the target, in order and without overlap, since the trial began."""
    init_ns: int
    """When the process began, relative to the start of the trial."""
    stop_ns: int
    """When the evaluation that showed the target ended; if none did, when the trial ended."""
    began_ms: int
    """When the trial began, in milliseconds since 1970, to the second."""

    def time_ms(self, since_began_ns: int) -> int:
        """Return a moment in milliseconds since 1970."""
        return self.began_ms + since_began_ns // 1_000_000


def timeline(run: Run, trial: TrialRecord) -> Timeline | None:
    """Return when the segments of a trial happened.

    None if it stopped before its data was touched, or was resumed, so that two clocks saw parts of it.

    The set-up that a run does once is placed immediately before each of its trials. So every clock counts the
    loading of the data and whatever the process did after it, including building and compiling.

    Raises:
        DawnbenchError: run.json gives no time at which the run began.
    """
    if trial.resumed_after is not None:
        return None
    ordered = _in_order(_moved(trial.segments))
    showed = [
        place
        for place, segment in enumerate(ordered)
        if segment.name in EVALUATIONS and segment.epoch == trial.epochs_to_target
    ]
    if trial.epochs_to_target is not None and showed:
        ordered = ordered[: showed[-1] + 1]
    if WITHOUT_DATA.issuperset(segment.name for segment in ordered):
        return None
    created_ms = round(created_at(run).timestamp()) * 1000
    return Timeline(
        segments=tuple(ordered),
        init_ns=ordered[0].start_ns,
        stop_ns=_end_ns(ordered[-1]),
        began_ms=created_ms + _since_created_ns(trial) // 1_000_000,
    )


def _since_created_ns(trial: TrialRecord) -> int:
    """Return how long after the creation time of the run, taken when recording starts, a trial began.

    0 for older folders, which do not hold that moment.
    """
    recording = [s.start_ns for s in trial.segments if s.name == "record" and s.start_ns < 0]
    return -recording[-1] if recording else 0


def _moved(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments with the set-up ending when the trial begins, whatever ran in between."""
    setup = [segment for segment in segments if segment.start_ns < 0]
    gap_ns = -max((_end_ns(segment) for segment in setup), default=0)
    return [
        replace(segment, start_ns=segment.start_ns + gap_ns) if segment.start_ns < 0 else segment
        for segment in segments
    ]


def _in_order(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments by start, cut off at the next start, since two clocks may disagree on it."""
    ordered = sorted(segments, key=lambda segment: segment.start_ns)
    return [
        replace(segment, length_ns=min(segment.length_ns, following.start_ns - segment.start_ns))
        for segment, following in pairwise(ordered)
    ] + ordered[-1:]


def _end_ns(segment: Segment) -> int:
    return segment.start_ns + segment.length_ns
