"""A trial's progress: the clock at the end of each epoch, and which trial represents a run."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.rules import known_rule
from dawnbench.records.schema import TrialRecord


def elapsed_seconds(trial: TrialRecord, rule: str) -> dict[int, float]:
    """Return what a rule's clock showed at the end of each epoch, by epoch.

    The last value is the trial's time if the rule does not stop at the target. Empty for a resumed trial.
    """
    if trial.resumed_after is not None:
        return {}
    counted = known_rule(rule).counted
    total = sum(s.length_ns for s in trial.segments if s.epoch is None and s.name in counted)
    of_epochs: dict[int, int] = {}
    for segment in trial.segments:
        if segment.epoch is not None:
            counts = segment.length_ns if segment.name in counted else 0
            of_epochs[segment.epoch] = of_epochs.get(segment.epoch, 0) + counts
    shown: dict[int, float] = {}
    for epoch in sorted(of_epochs):
        total += of_epochs[epoch]
        shown[epoch] = total / 1e9
    return shown


def median_trial(trials: Sequence[TrialRecord], rule: str) -> TrialRecord | None:
    """Return the trial with the median time under a rule, the faster of two; None if there are no trials.

    Trials without a time count as slower than all others.
    """

    def place(trial: TrialRecord) -> tuple[bool, float, int]:
        seconds = trial.seconds.get(rule)
        return seconds is None, seconds or 0.0, trial.trial

    order = sorted(trials, key=place)
    return order[(len(order) - 1) // 2] if order else None


def seconds_by_segment(trial: TrialRecord) -> dict[str, float]:
    """Return the seconds of each kind of segment, in the order in which they first occur."""
    found: dict[str, float] = {}
    for segment in sorted(trial.segments, key=lambda s: s.start_ns):
        found[segment.name] = found.get(segment.name, 0.0) + segment.length_ns / 1e9
    return found


def spread_by_segment(trials: Sequence[TrialRecord]) -> dict[str, tuple[float, float, float]]:
    """Return the mean, minimum and maximum seconds per trial of each kind of segment.

    Resumed trials, of which only a part was timed, are left out.
    """
    split = [seconds_by_segment(trial) for trial in trials if trial.resumed_after is None]
    spread = {}
    for name in dict.fromkeys(name for lengths in split for name in lengths):
        known = [lengths.get(name, 0.0) for lengths in split]
        spread[name] = (sum(known) / len(known), min(known), max(known))
    return spread
