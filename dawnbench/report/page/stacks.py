"""Where the time of each trial went, as bars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dawnbench.records.reader import Run
from dawnbench.records.rules import SEGMENTS, TimingRule, known_rule
from dawnbench.records.schema import Segment, TrialRecord
from dawnbench.report.units import seconds


@dataclass(frozen=True, slots=True)
class Part:
    """The segments of one name within a bar, those that the clock counted apart from the others."""

    name: str
    length: str
    """With its unit."""
    counted: bool
    share: float
    """Of the longest bar of its kind, 0 to 100."""
    known: bool
    """Whether this version knows the name, and so has a colour for it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One trial, or the set-up that a run does once."""

    title: str
    total: str
    """With its unit."""
    parts: tuple[Part, ...]


def trial_bars(run: Run, rule: str) -> list[Bar]:
    """Return a bar a trial, of what it did after its begin."""
    after = [
        (f"Trial {trial.trial}", trial, [s for s in trial.segments if s.start_ns >= 0])
        for trial in run.trials
    ]
    longest = max((_length(segments) for _, _, segments in after), default=0)
    return [_bar(title, trial, segments, rule, longest) for title, trial, segments in after if segments]


def setup_bar(run: Run, rule: str) -> Bar | None:
    """Return the bar of what the run did once, before its first trial."""
    for trial in run.trials:
        before = [segment for segment in trial.segments if segment.start_ns < 0]
        if before:
            return _bar("Set-up", trial, before, rule, _length(before))
    return None


def _bar(title: str, trial: TrialRecord, segments: Iterable[Segment], rule: str, longest: int) -> Bar:
    clock = known_rule(rule)
    lengths: dict[tuple[str, bool], int] = {}
    for segment in segments:
        key = segment.name, _counts(clock, segment, trial.epochs_to_target)
        lengths[key] = lengths.get(key, 0) + segment.length_ns
    parts = tuple(
        Part(name, seconds(length / 1e9), counted, round(100 * length / max(longest, 1), 3), name in SEGMENTS)
        for (name, counted), length in lengths.items()
        if length
    )
    return Bar(title, seconds(sum(lengths.values()) / 1e9), parts)


def _counts(clock: TimingRule, segment: Segment, reached: int | None) -> bool:
    after = (
        clock.stops_at_target
        and segment.epoch is not None
        and reached is not None
        and segment.epoch > reached
    )
    return segment.name in clock.counted and not after


def _length(segments: Iterable[Segment]) -> int:
    return sum(segment.length_ns for segment in segments)
