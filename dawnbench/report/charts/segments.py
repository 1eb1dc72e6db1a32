"""Where the time of each trial went, segment by segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dawnbench.records.reader import Run
from dawnbench.records.rules import TimingRule, known_rule
from dawnbench.records.schema import Segment, TrialRecord

SEGMENT_COLORS = {
    "startup": "#56B4E9",
    "load": "#8C6239",
    "build": "#F0E442",
    "compile": "#D55E00",
    "to_device": "#009E73",
    "reset": "#F2A6A0",
    "init": "#E69F00",
    "train": "#0072B2",
    "evaluate": "#CC79A7",
    "final_evaluate": "#7B4FA3",
    "record": "#9AA3AD",
    "checkpoint": "#8A9A2F",
    "infer": "#2B50C8",
    "throughput": "#4FB3A5",
}
"""Of plots and pages, in light and dark alike; after Okabe and Ito's palette as far as it goes."""
OTHER_COLOR = "#5F6B78"
"""Of a segment by another name."""


@dataclass(frozen=True, slots=True)
class Part:
    """The segments of one name within a bar; those that the clock counted are a part of their own."""

    name: str
    seconds: float
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One trial, or the set-up that a run does once."""

    label: str
    parts: Sequence[Part]
    """In the order in which they first occur."""

    @property
    def seconds(self) -> float:
        """The length of the bar."""
        return sum(part.seconds for part in self.parts)


@dataclass(frozen=True, slots=True)
class SegmentChart:
    """A stacked bar for each trial, and one of the set-up on a scale of its own."""

    title: str
    rule: str
    """The timing rule by which segments are counted."""
    trials: Sequence[Bar]
    setup: Bar | None
    """What the run did once, before its first trial."""

    @property
    def longest(self) -> float:
        """The seconds of the longest trial."""
        return max((bar.seconds for bar in self.trials), default=0.0)


def segment_chart(run: Run, rule: str) -> SegmentChart:
    """Return a bar per trial of what it did after its start, and the bar of the set-up before."""
    after = [(trial, [s for s in trial.segments if s.start_ns >= 0]) for trial in run.trials]
    before = ((trial, [s for s in trial.segments if s.start_ns < 0]) for trial in run.trials)
    setup = next((_bar("set-up", trial, segments, rule) for trial, segments in before if segments), None)
    bars = [
        _bar(f"trial {trial.trial}", trial, segments, rule)
        for trial, segments in after
        if segments and trial.resumed_after is None  # else they are only those of its last process
    ]
    return SegmentChart(f"{run.record.identity.recipe}: time by segment", rule, bars, setup)


def _bar(label: str, trial: TrialRecord, segments: Sequence[Segment], rule: str) -> Bar:
    # Each segment is asked about alone, so none of the others can be required beside it.
    clock = replace(known_rule(rule), required=frozenset())
    lengths: dict[tuple[str, bool], int] = {}
    for segment in sorted(segments, key=lambda s: s.start_ns):
        key = segment.name, _is_counted(clock, segment, trial.epochs_to_target)
        lengths[key] = lengths.get(key, 0) + segment.length_ns
    parts = [Part(name, length / 1e9, counted) for (name, counted), length in lengths.items() if length]
    return Bar(label, parts)


def _is_counted(clock: TimingRule, segment: Segment, reached: int | None) -> bool:
    """Return whether the clock ran in a segment; in a trial that missed the target it ran to the end."""
    found = clock.spent_seconds([segment]) if reached is None else clock.seconds([segment], reached)
    return bool(found)
