"""The results of one run among many, and which runs belong to one series."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dawnbench.records.identity import RunIdentity
from dawnbench.records.schema import PairingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.claim import Claim
from dawnbench.stats.inference_summary import InferenceSummary
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.stats.spending import Spending, spending
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
    spent: Spending
    """The expected time and energy, and what they cost."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What an inference run's passes came to besides the mean latency; means over the passes."""

    p99_seconds: float
    """The 99th percentile of an image's latency."""
    batch_size: int | None
    """The one with the most images per second; None if no throughput was measured."""
    images_per_second: float | None
    """At that batch size."""


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
    answers: Answers | None = None
    """None of a training."""

    def time(self, rule: str) -> RuleTime | None:
        """Return the times under a rule; None if the run reports none."""
        return next((time for time in self.times if time.rule == rule and time.trials), None)


def entry_of(series: TrialSet, summary: Summary, prices: PriceList = UNPRICED) -> Entry:
    """Return a run's results."""
    known = prices.prices_of(series)
    return Entry(
        name=series.name,
        created=series.created,
        identity=series.identity,
        dawnbench_version=series.dawnbench_version,
        trials=summary.trials,
        reached=summary.reached,
        accuracy=None if summary.accuracy is None else summary.accuracy.mean,
        claim=summary.claim,
        times=tuple(_rule_time(times, spending(series, times.rule, known)) for times in summary.times),
        pairing=series.pairing,
        answers=None if summary.inference is None else _answers(summary.inference),
    )


def _answers(found: InferenceSummary) -> Answers:
    rates = {size: sample.mean for size, sample in found.throughputs.items()}
    size = max(rates, key=rates.__getitem__, default=None)
    return Answers(found.p99.mean, size, None if size is None else rates[size])


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
        *(one.recipe_digest, one.precision, one.threads or 0, one.devices, one.nodes),
    )


def _rule_time(times: Times, spent: Spending) -> RuleTime:
    expected = None if times.expected is None or math.isinf(times.expected.seconds) else times.expected
    interval = None if expected is None else expected.interval
    return RuleTime(
        rule=times.rule,
        trials=len(times.censored),
        expected=None if expected is None else expected.seconds,
        low=None if interval is None else interval.low,
        high=None if interval is None or math.isinf(interval.high) else interval.high,
        spent=spent,
    )
