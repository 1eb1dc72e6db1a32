"""What one run of many comes to, and which runs belong to one series."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from dawnbench.records.schema import PairingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.claim import Claim
from dawnbench.stats.summary import Summary
from dawnbench.stats.times import Times


@dataclass(frozen=True, slots=True)
class RuleTime:
    """What the times of a run come to by one rule, in seconds."""

    rule: str
    trials: int
    """That the rule gives a time, or that missed the target."""
    expected: float | None
    """Time to the target of someone who tries until a trial reaches it; None where none did."""
    low: float | None
    """The expected time's 95 % interval; None with fewer than two trials."""
    high: float | None
    """None where `low` is, or where there is no upper bound."""
    median: float | None
    """Of the trials that the rule gives a time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one run comes to, little enough to keep of thousands."""

    name: str
    """The run folder's."""
    created: str
    """UTC, ISO 8601."""
    recipe_name: str
    recipe_digest: str
    device_name: str
    precision: str
    data: str
    """The data's source, as the user named it."""
    fingerprint: str
    """Of the data."""
    target: float
    """0 to 1."""
    dawnbench_version: str
    trials: int
    """That say something about the recipe."""
    reached: int
    accuracy: float | None
    """Mean final accuracy, 0 to 1."""
    claim: Claim | None
    times: tuple[RuleTime, ...]
    pairing: PairingRecord | None

    def time(self, rule: str) -> RuleTime | None:
        """Return the times by a rule; None where the run reports none."""
        return next((time for time in self.times if time.rule == rule and time.trials), None)


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What runs share whose figures may stand in one history."""

    fingerprint: str
    target: float
    recipe_digest: str
    device_name: str
    precision: str


def entry_of(series: TrialSet, summary: Summary) -> Entry:
    """Return what a run comes to."""
    return Entry(
        name=series.name,
        created=series.created,
        recipe_name=series.recipe_name,
        recipe_digest=series.recipe_digest,
        device_name=series.device_name,
        precision=series.precision,
        data=series.data.source,
        fingerprint=series.data.fingerprint,
        target=series.target,
        dawnbench_version=series.dawnbench_version,
        trials=summary.trials,
        reached=summary.reached,
        accuracy=None if summary.accuracy is None else summary.accuracy.mean,
        claim=summary.claim,
        times=tuple(_rule_time(times) for times in summary.times),
        pairing=series.pairing,
    )


def histories(entries: Iterable[Entry]) -> dict[SeriesKey, tuple[Entry, ...]]:
    """Return the runs by their series, the oldest first; the series by recipe, device, data and target."""
    found: dict[SeriesKey, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.created, entry.name)):
        found.setdefault(key_of(entry), []).append(entry)
    ordered = sorted(found, key=lambda key: (found[key][-1].recipe_name, key.device_name, *astuple(key)))
    return {key: tuple(found[key]) for key in ordered}


def key_of(entry: Entry) -> SeriesKey:
    """Return which series a run belongs to."""
    return SeriesKey(entry.fingerprint, entry.target, entry.recipe_digest, entry.device_name, entry.precision)


def _rule_time(times: Times) -> RuleTime:
    expected = None if times.expected is None or math.isinf(times.expected.seconds) else times.expected
    interval = None if expected is None else expected.interval
    return RuleTime(
        rule=times.rule,
        trials=len(times.censored),
        expected=None if expected is None else expected.seconds,
        low=None if interval is None else interval.low,
        high=None if interval is None or math.isinf(interval.high) else interval.high,
        median=None if times.sample is None else times.sample.median,
    )
