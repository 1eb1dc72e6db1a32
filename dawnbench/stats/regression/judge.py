"""Whether a run is as good as its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from dawnbench.records.inference import RunKind
from dawnbench.records.rules import rule_for, shares_start
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.comparable import differences, missing_rule
from dawnbench.stats.comparison.trials_needed import again
from dawnbench.stats.regression.gates import (
    accuracy_gate,
    energy_gate,
    epochs_gate,
    not_comparable,
    time_gate,
)
from dawnbench.stats.regression.judgement import Gate, Judgement, Metric
from dawnbench.stats.regression.margins import missing, too_few
from dawnbench.stats.run_warnings import find_warnings

METRICS: tuple[Metric, ...] = get_args(Metric)
DEFAULT_METRICS: tuple[Metric, ...] = ("time", "epochs", "accuracy")
METRICS_OF: dict[RunKind, tuple[Metric, ...]] = {
    "training": DEFAULT_METRICS,
    "inference": ("time", "accuracy"),
}
"""The metrics that a run of each kind is judged by if none is named."""
DEVICE_BOUND: tuple[Metric, ...] = ("time", "energy")
"""Metrics that only compare between runs on the same device."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """By what a run is judged against its baseline."""

    metrics: tuple[Metric, ...] | None = None
    """Each is judged by a gate of its own; None for those of the run's kind."""
    rule: str | None = None
    """The timing rule of seconds and joules; None for that of the run's kind."""
    max_slowdown: float = 0.02
    """The time or energy that may be lost, as a fraction of the baseline's."""
    max_accuracy_drop: float = 0.001
    """The final accuracy that may be lost, as a fraction: 0.001 is 0.1 points."""
    across: bool = False
    """Compare runs even if their data, recipes, thread counts or devices differ."""


def judge(run: TrialSet, baseline: TrialSet, criteria: Criteria = Criteria()) -> Judgement:
    """Compare a run with its baseline, each metric through its own gate.

    Time and energy: a regression if the run needs more than 1 + `max_slowdown` times the baseline's, by a
    one-sided Mann-Whitney test at 0.05 in which a trial that missed the target counts as slower than every
    other. Accuracy: a regression if it is lower by more than `max_accuracy_drop`, by the same test. Epochs:
    MLPerf's reference convergence points.
    """
    across, (rule, metrics) = criteria.across, _chosen(run, criteria)

    def gate(metric: Metric) -> Gate:
        if (why := _barred(metric, run, baseline, rule, across)) is not None:
            return not_comparable(metric, why)
        if metric == "time" and unreported is not None:
            return not_comparable(metric, unreported)
        if metric == "time":
            return time_gate(run, baseline, rule, criteria.max_slowdown)
        if metric == "energy":
            return energy_gate(run, baseline, rule, criteria.max_slowdown)
        if metric == "accuracy":
            return accuracy_gate(run, baseline, criteria.max_accuracy_drop)
        return epochs_gate(run, baseline)

    found = differences(run, baseline)
    # No option makes a training and an inference run comparable.
    refusals = (found.kinds,) if found.kinds else () if across else found.refusals
    unreported = missing_rule(run, baseline, rule)
    gates = () if refusals else tuple(gate(metric) for metric in metrics)
    admitted = found.refusals if across and not refusals else ()
    notes = (*refusals, *admitted, *found.remarks, *left_out(run), *left_out(baseline))
    if (needed := _needed(run, baseline, gates)) is not None:
        notes += (needed,)
    if gates:
        notes += tuple(f"{run.name}: {warning}" for warning in find_warnings(run, rule))
    one = run.identity
    return Judgement(run.name, baseline.name, one.workload, one.hardware, rule, gates, notes)


def _needed(run: TrialSet, baseline: TrialSet, gates: Sequence[Gate]) -> str | None:
    """Return the command that runs enough trials, if a gate had too few and the command is known."""
    if all(gate.outcome != "too few trials" for gate in gates):
        return None
    have = len(run.counting)
    more, _ = missing(have, len(baseline.counting))
    command = again(run.command, have + more, run.devices, run.nodes)
    return f"{have + more} trials of {run.name} may give a verdict: {command}" if command and more else None


def obstacles(run: TrialSet, trials: int, baseline: TrialSet, criteria: Criteria) -> tuple[str, ...]:
    """Return why a run of that many trials cannot be judged, one sentence each; nothing if it can.

    Only what is known before the first trial is read of `run`.
    """
    found = () if criteria.across else differences(run, baseline).refusals
    rule, metrics = _chosen(run, criteria)
    unreported = missing_rule(baseline, baseline, rule)
    for metric in metrics:
        why = _barred(metric, run, baseline, rule, criteria.across) or (
            unreported if metric == "time" else None
        )
        if why is not None:
            found += (f"{metric} not comparable: {why}",)
        elif metric != "epochs" and (few := too_few(trials, len(baseline.counting))) is not None:
            found += (f"{metric} too few trials: {few}",)
    return found


def _chosen(run: TrialSet, criteria: Criteria) -> tuple[str, tuple[Metric, ...]]:
    """Return the rule and the metrics that a run is judged by."""
    kind = run.identity.kind
    return rule_for(kind, criteria.rule), criteria.metrics or METRICS_OF[kind]


def _barred(metric: Metric, run: TrialSet, baseline: TrialSet, rule: str, across: bool) -> str | None:
    """Return why the runs' devices or the timing rule rule out a metric; None if they do not."""
    if metric in DEVICE_BOUND and run.identity.hardware != baseline.identity.hardware and not across:
        if run.device_name == baseline.device_name:
            return "it was measured on another number of devices or nodes than the baseline's"
        return "it was measured on a different device from the baseline's"
    if metric == "epochs" and run.inference is not None:
        return "an inference run has no epochs"
    if metric == "time" and shares_start(rule):
        return f"all trials of a run share one start, which {rule} counts"
    return None


def left_out(series: TrialSet) -> tuple[str, ...]:
    """Return a sentence about the trials that say nothing about the recipe, if there are any."""
    count = len(series.trials) - len(series.counting)
    if not count:
        return ()
    trials = "1 trial was" if count == 1 else f"{count} trials were"
    before = " before the target" if series.inference is None else ""
    return (f"{series.name}: {trials} interrupted or failed{before} and left out",)
