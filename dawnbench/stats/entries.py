"""The results of one run among many, and which runs belong to one series."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dawnbench.records.identity import RunIdentity
from dawnbench.records.schema import PairingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.claim import Claim
from dawnbench.stats.trial_summary import Summary
from dawnbench.stats.trial_values import Times


@dataclass(frozen=True, slots=True)
class RuleTime:
    """A run's times under one rule, summarised, in seconds."""

    rule: str
    trials: int
    """Those that the rule gives a time for, and those that missed the target."""
    expected: float | None
    """The mean, with the time of misses counted: how long one waits who retries; None if none succeeded."""
    low: float | None
    """Lower bound of its 95 % interval; None with fewer than two trials."""
    high: float | None
    """Upper bound; None if `low` is None, or if there is no upper bound."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run's results, small enough to keep thousands of them in memory."""

    name: str
    """Of the run folder."""
    created: str
    """UTC, ISO 8601."""
    identity: RunIdentity
    dawnbench_version: str
    trials: int
    """Those that say something about the recipe."""
    reached: int
    accuracy: float | None
    """Mean final accuracy, 0 to 1."""
    claim: Claim | None
    times: tuple[RuleTime, ...]
    pairing: PairingRecord | None

    def time(self, rule: str) -> RuleTime | None:
        """Return the times under a rule; None if the run reports none."""
        return next((time for time in self.times if time.rule == rule and time.trials), None)


def entry_of(series: TrialSet, summary: Summary) -> Entry:
    """Return a run's results."""
    return Entry(
        name=series.name,
        created=series.created,
        identity=series.identity,
        dawnbench_version=series.dawnbench_version,
        trials=summary.trials,
        reached=summary.reached,
        accuracy=None if summary.accuracy is None else summary.accuracy.mean,
        claim=summary.claim,
        times=tuple(_rule_time(times) for times in summary.times),
        pairing=series.pairing,
    )


def histories(entries: Iterable[Entry]) -> dict[RunIdentity, tuple[Entry, ...]]:
    """Group runs by identity, oldest run first; the groups are sorted by recipe, device, data and target."""
    found: dict[RunIdentity, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.created, entry.name)):
        found.setdefault(entry.identity, []).append(entry)
    # The newest run knows the recipe's current name.
    series = {runs[-1].identity: tuple(runs) for runs in found.values()}
    return dict(sorted(series.items(), key=lambda pair: _order(pair[0])))


def _order(identity: RunIdentity) -> tuple[str | float, ...]:
    one = identity
    return (
        *(one.recipe_name, one.device_name, one.fingerprint, one.target),
        *(one.recipe_digest, one.precision, one.threads or 0),
    )


def _rule_time(times: Times) -> RuleTime:
    expected = None if times.expected is None or math.isinf(times.expected.seconds) else times.expected
    interval = None if expected is None else expected.interval
    return RuleTime(
        rule=times.rule,
        trials=len(times.censored),
        expected=None if expected is None else expected.seconds,
        low=None if interval is None else interval.low,
        high=None if interval is None or math.isinf(interval.high) else interval.high,
    )
