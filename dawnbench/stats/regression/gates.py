"""The individual gates of a regression test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from dawnbench.records.rules import is_per_image
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.intervals import expected_interval
from dawnbench.stats.regression.convergence import judge_epochs
from dawnbench.stats.regression.judgement import Gate, Metric
from dawnbench.stats.regression.margins import Beyond, beyond, failures, too_few
from dawnbench.stats.sample import describe
from dawnbench.stats.trial_values import Spent, accuracies, spent_energies, spent_seconds

UNITS: dict[Metric, str] = {"time": "s", "epochs": "epochs", "accuracy": "%", "energy": "J"}


def time_gate(run: TrialSet, baseline: TrialSet, rule: str, margin: float) -> Gate:
    """Compare the seconds under a rule with the baseline's; a trial that missed the target ranks slowest.

    Under the rule `inference` they are milliseconds of an image.
    """
    ours, theirs = spent_seconds(run, rule), spent_seconds(baseline, rule)
    if not theirs.reached:
        return not_comparable("time", "no trial of the baseline reached the target")
    if not ours.censored:
        return not_comparable("time", f"no trial of the run has a time under the rule {rule}")
    if is_per_image(rule):
        return _slower("time", _thousandfold(ours), _thousandfold(theirs), margin, "ms")
    return _slower("time", ours, theirs, margin)


def energy_gate(run: TrialSet, baseline: TrialSet, rule: str, margin: float) -> Gate:
    """Compare the joules with the baseline's; a trial that missed the target ranks as the most costly.

    Under the rule `inference` they are millijoules of an image.
    """
    ours, theirs = spent_energies(run, rule), spent_energies(baseline, rule)
    if not theirs.censored or not ours.censored:
        who = "the run" if theirs.censored else "the baseline"
        return not_comparable("energy", f"{who} has no energy reading")
    if not theirs.reached:
        return not_comparable("energy", "no trial of the baseline with an energy reading reached the target")
    if is_per_image(rule):
        return _slower("energy", _thousandfold(ours), _thousandfold(theirs), margin, "mJ")
    return _slower("energy", ours, theirs, margin)


def accuracy_gate(run: TrialSet, baseline: TrialSet, drop: float) -> Gate:
    """Compare the final accuracy with the baseline's; a trial that diverged ranks below every other."""
    ours, theirs = accuracies(run), accuracies(baseline)
    if not theirs:
        return not_comparable("accuracy", "the baseline has no final accuracy")
    gate = _without_verdict("accuracy", [100 * a for a in ours], [100 * a for a in theirs], 100.0)
    change = None if gate.measured is None or gate.reference is None else gate.measured - gate.reference
    gate = replace(gate, change=change)
    ends = [*ours, *_diverged(run)]
    allowed = [*(accuracy - drop for accuracy in theirs), *_diverged(baseline)]
    if few := too_few(len(ends), len(allowed)):
        return replace(gate, outcome="too few trials", sentence=few)
    found = beyond(ends, allowed, "less", mean_beyond=change is None or change < -100 * drop)
    words = "no trial ran to the end" if change is None else f"{gate.measured:.2f} %, {change:+.2f} points"
    words += _failed(ends, allowed, "diverged")
    limit = f"{'lower by more than' if found.shown else 'no loss shown beyond'} {100 * drop:g} points"
    return _judged(gate, words, limit, found)


def epochs_gate(run: TrialSet, baseline: TrialSet) -> Gate:
    """Compare the epochs to the target with MLPerf's reference convergence points."""
    ours = [trial.epochs_to_target for trial in run.counting]
    theirs = [trial.epochs_to_target for trial in baseline.counting]
    verdict = judge_epochs(ours, theirs)
    gate = _without_verdict(
        "epochs", [e for e in ours if e is not None], [e for e in theirs if e is not None]
    )
    return replace(
        gate,
        outcome=verdict.outcome,
        sentence=verdict.sentence,
        change=_change(gate),
        p_value=verdict.p_value,
    )


def not_comparable(metric: Metric, why: str) -> Gate:
    """Return a gate that could not be judged."""
    return Gate(metric, "not comparable", why, UNITS[metric], None, None, None, None, None)


def _thousandfold(spent: Spent) -> Spent:
    return Spent(tuple(1000 * one for one in spent.reached), tuple(1000 * one for one in spent.missed))


def _slower(metric: Metric, run: Spent, baseline: Spent, margin: float, unit: str | None = None) -> Gate:
    gate = replace(
        not_comparable(metric, ""),
        unit=unit or UNITS[metric],
        measured=run.expected if run.reached else None,
        interval=_bounds(run),
        reference=baseline.expected,
    )
    change = _change(gate)
    gate = replace(gate, change=change)
    ours, theirs = run.censored, baseline.censored
    if few := too_few(len(ours), len(theirs)):
        return replace(gate, outcome="too few trials", sentence=few)
    allowed = [(1 + margin) * spent for spent in theirs]
    found = beyond(ours, allowed, "greater", mean_beyond=change is None or change > margin)
    words = "no trial reached the target"
    if gate.measured is not None:
        words = f"{gate.measured:.4g} {gate.unit} against {gate.reference:.4g} {gate.unit}"
        words += "" if change is None else f", {100 * change:+.1f} %"
    words += _failed(ours, theirs, "missed the target")
    limit = f"{'more than the margin of' if found.shown else 'no slowdown shown beyond'} {100 * margin:g} %"
    return _judged(gate, words, limit, found)


def _judged(gate: Gate, words: str, limit: str, found: Beyond) -> Gate:
    why = "more failures than chance explains" if found.by_failures else limit
    return replace(
        gate,
        outcome="regression" if found.shown else "holds",
        sentence=f"{words}: {why} (p = {found.p_value:.2g})",
        p_value=found.p_value,
    )


def _failed(run: Sequence[float], baseline: Sequence[float], what: str) -> str:
    """Return how many trials failed, as part of a sentence; empty if none did."""
    ours, theirs = failures(run), failures(baseline)
    if not ours + theirs:
        return ""
    return f"; {ours} of {len(run)} trials {what}, {theirs} of {len(baseline)} of the baseline's"


def _diverged(series: TrialSet) -> list[float]:
    return [-math.inf for trial in series.counting if trial.status == "diverged"]


def _without_verdict(
    metric: Metric, run: Sequence[float], baseline: Sequence[float], highest: float = math.inf
) -> Gate:
    """Return a gate with its measurements, at most `highest`, and no verdict yet."""
    ours, theirs = describe(run, highest), describe(baseline, highest)
    return replace(
        not_comparable(metric, ""),
        measured=None if ours is None else ours.mean,
        interval=(ours.interval.low, ours.interval.high) if ours and ours.interval else None,
        reference=None if theirs is None else theirs.mean,
    )


def _bounds(spent: Spent) -> tuple[float, float] | None:
    interval = expected_interval(*spent.table.T)
    return (interval.low, interval.high) if interval and math.isfinite(interval.high) else None


def _change(gate: Gate) -> float | None:
    return gate.measured / gate.reference - 1 if gate.measured is not None and gate.reference else None
