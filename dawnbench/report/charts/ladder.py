"""A run among the published times by one timing rule, the fastest on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dawnbench.records.published import PublishedFigure, is_cifar10
from dawnbench.records.rules import INFERENCE, is_per_image, stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.charts.chart import Axis
from dawnbench.report.units import percent
from dawnbench.stats.trial_summary import summarise
from dawnbench.stats.trial_values import accuracies, times


@dataclass(frozen=True, slots=True)
class Rung:
    """One time of a ladder."""

    seconds: float
    """The mean over the trials, with misses counted; under the rule `inference` that of one image."""
    system: str
    hardware: str
    trials: int | None
    """None if unknown."""
    source: str | None
    """The URL where the time was published; None of the run."""

    @property
    def is_own(self) -> bool:
        """Whether this is the run, rather than a published time."""
        return self.source is None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Published times and the run's among them."""

    title: str
    rule: str
    x: Axis
    rungs: Sequence[Rung]
    """The fastest first; the run comes after a published time that equals its own."""

    def times_as_long(self, rung: Rung) -> float:
        """Return the run's time over that of a rung."""
        return next(one.seconds for one in self.rungs if one.is_own) / rung.seconds


def no_place(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> str | None:
    """Return why a run has no place among the times published by a rule; None if it has one.

    They are for CIFAR-10 to their target. By a rule that stops at the target, a trial must have reached it;
    by the rule `inference`, the model's accuracy must; by any other, the claim about the mean accuracy must
    hold.
    """
    if not is_cifar10(series.data):
        did = "answered images of" if series.inference else "trained on"
        return f"it {did} {series.data.source} and they are for CIFAR-10"
    targets = sorted({figure.target for figure in figures if figure.rule == rule})
    if is_per_image(rule):
        return _no_latency(series, min(targets))
    if not any(math.isclose(series.target, target) for target in targets):
        theirs = " and ".join(percent(target) for target in targets)
        return f"its target is {percent(series.target)} and theirs {theirs}"
    found = times(series, rule)
    count = len(found.censored)
    if not count:
        return f"none of its trials has a time under the {rule} rule"
    if not stops_at_target(rule):
        return _no_claim(series)
    if not found.reached:
        trials = "trial" if count == 1 else "trials"
        return f"{count} of its {count} {trials} missed the target, so it has no time"
    return None


def ladder(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> Ladder | None:
    """Return the published times by a rule with the run's among them.

    None if none is published by the rule, or the run has no place among them.
    """
    figures = [figure for figure in figures if figure.rule == rule]
    if not figures or no_place(series, figures, rule) is not None:
        return None
    found = times(series, rule)
    own, mean = f"this run: {series.identity.recipe}", found.spent.expected
    target = min(figure.target for figure in figures) if is_per_image(rule) else series.target
    rungs = [
        _published(figure)
        for figure in figures
        if is_per_image(rule) or math.isclose(series.target, figure.target)
    ]
    rungs.append(Rung(mean, own, series.identity.hardware, len(found.censored), None))
    return Ladder(
        title=f"{100 * target:g} % on CIFAR-10, {rule} rule",
        rule=rule,
        x=Axis(f"{_what(rule)}; hardware differs, so no verdict follows", scale="log"),
        rungs=sorted(rungs, key=lambda rung: (rung.seconds, rung.is_own)),
    )


def _what(rule: str) -> str:
    return "latency of an image, ms" if is_per_image(rule) else "time, s"


def _no_latency(series: TrialSet, target: float) -> str | None:
    """Return why an inference run has no place among models of at least the target; None if it has one."""
    found = accuracies(series)
    if not times(series, INFERENCE.name).reached or not found:
        return "none of its passes ended"
    if min(found) < target:
        return f"its model gets {percent(min(found))} right, and theirs at least {percent(target)}"
    return None


def _no_claim(series: TrialSet) -> str | None:
    """Return why the mean accuracy is not shown to be at least the target; None if it is."""
    found = summarise(series).claim
    if found is not None and found.standing == "holds":
        return None
    target = percent(series.target)
    if found is None or found.trials == 1:
        return f"one trial cannot show that its mean accuracy is at least {target}"
    mean = percent(found.mean)
    if found.mean < found.target:
        return f"its mean accuracy of {mean} is below its target of {target}"
    settle = f", and about {found.settles_at:,} would" if found.settles_at else ""
    return (
        f"its {found.trials} trials with a mean accuracy of {mean} do not show that it is at least "
        f"{target}{settle}"
    )


def _published(figure: PublishedFigure) -> Rung:
    system = figure.system if figure.system.startswith(figure.team) else f"{figure.team}: {figure.system}"
    hardware = figure.device if figure.devices == 1 else f"{figure.devices} x {figure.device}"
    return Rung(figure.seconds, system, hardware, figure.trials, figure.source)
