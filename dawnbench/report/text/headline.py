"""A run's result in one quotable paragraph."""

from __future__ import annotations

import math

from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.units import latency, percent, seconds, significant
from dawnbench.stats.inference_summary import InferenceSummary
from dawnbench.stats.intervals import Interval
from dawnbench.stats.trial_summary import Summary
from dawnbench.stats.trial_values import Times


def headline(series: TrialSet, summary: Summary, rule: str) -> str:
    """Return the time under the rule, n, interval, accuracy, device and data, as plain text."""
    found = next((times for times in summary.times if times.rule == rule), None)
    who = f"{series.identity.recipe} on {series.identity.where}"
    data = f"Data: {series.data.source}, fingerprint {series.data.fingerprint[:16]}."
    if summary.inference is not None:
        return f"{who} {_latency(summary, summary.inference)} {data}"
    if found is None or not found.censored:
        return f"{who}: no trial has a time under the {rule} rule. {data}"
    return " ".join([f"{who} {_time(series, found)}", *_accuracy(summary), data])


def _latency(summary: Summary, found: InferenceSummary) -> str:
    mean, passes = found.mean, summary.trials
    of = f"mean of {passes} passes" if passes > 1 else "1 pass"
    if mean.interval is not None:
        low, high = significant(1000 * mean.interval.low), significant(1000 * mean.interval.high)
        of += f", 95 % interval of the mean {low} to {high} ms"
    right = "" if summary.accuracy is None else f", of which it gets {percent(summary.accuracy.mean)} right"
    return (
        f"answers in {latency(mean.mean)} per image ({of}), one at a time over {found.images:,} test "
        f"images{right}; 99th percentile {latency(found.p99.mean)}."
    )


def _time(series: TrialSet, found: Times) -> str:
    goal, trials = percent(series.target), len(found.censored)
    to_target = stops_at_target(found.rule)
    if not found.reached:
        failed = f"did not reach {goal}" if to_target else "finished no trial"
        return f"{failed} under the {found.rule} rule ({_count(trials)})."
    did = f"reached {goal}" if to_target else f"trained for {goal}"
    if found.missed:
        assert found.expected is not None
        missed = f"{len(found.missed)} {'missed it' if to_target else 'diverged'}"
        return (
            f"{did} in an expected {significant(found.expected.seconds)} s under the {found.rule} rule "
            f"({_count(trials)}, of which {missed}; {_interval(found.expected.interval)})."
        )
    assert found.sample is not None
    mean = "" if trials == 1 else "mean of "
    return (
        f"{did} in {seconds(found.sample.mean)} under the {found.rule} rule "
        f"({mean}{_count(trials)}{', ' if found.sample.interval else ''}{_interval(found.sample.interval)})."
    )


def _accuracy(summary: Summary) -> list[str]:
    accuracy = summary.accuracy
    if accuracy is None:
        return []
    if accuracy.interval is None:
        return [f"Final validation accuracy: {percent(accuracy.mean)}."]
    bounds = f"{100 * accuracy.interval.low:.2f} to {100 * accuracy.interval.high:.2f} %"
    return [f"Mean final validation accuracy: {percent(accuracy.mean)} (95 % interval of the mean {bounds})."]


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return ""
    if not math.isfinite(interval.high):
        return f"95 % interval of the mean from {significant(interval.low)} s, with no upper bound"
    return f"95 % interval of the mean {significant(interval.low)} to {significant(interval.high)} s"


def _count(trials: int) -> str:
    return "1 trial" if trials == 1 else f"{trials} trials"
