"""A run among the published times by one timing rule, the fastest on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dawnbench.records.published import PublishedFigure
from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.charts.chart import Axis
from dawnbench.report.units import percent
from dawnbench.stats.claim import claim
from dawnbench.stats.trial_values import accuracies, times


@dataclass(frozen=True, slots=True)
class Rung:
    """One time of a ladder."""

    seconds: float
    """The mean over the trials, with misses counted; infinite if no trial of the run has a time."""
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
    x: Axis
    rungs: Sequence[Rung]
    """The fastest first; the run comes after a published time that equals its own."""

    @property
    def own(self) -> Rung:
        """The run's rung."""
        return next(rung for rung in self.rungs if rung.is_own)

    def times_as_long(self, rung: Rung) -> float | None:
        """Return the run's time over that of a rung; None if the run has no time."""
        return self.own.seconds / rung.seconds if math.isfinite(self.own.seconds) else None


def no_place(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> str | None:
    """Return why a run has no place among the times published by a rule; None if it has one."""
    targets = sorted({figure.target for figure in figures if figure.rule == rule})
    if not any(math.isclose(series.target, target) for target in targets):
        theirs = " and ".join(percent(target) for target in targets)
        return f"the run's target is {percent(series.target)} and that of the published times {theirs}"
    found = None if stops_at_target(rule) else claim(accuracies(series), series.target)
    if found is not None and found.mean < found.target:
        mean, target = percent(found.mean), percent(found.target)
        return f"the run's mean accuracy of {mean} is below its target of {target}"
    return None


def ladder(series: TrialSet, figures: Sequence[PublishedFigure], rule: str) -> Ladder | None:
    """Return the published times by a rule with the run's among them.

    None if none is published by the rule, or the run has no place among them.
    """
    rungs = [_published(figure) for figure in figures if figure.rule == rule]
    if not rungs or no_place(series, figures, rule) is not None:
        return None
    found = times(series, rule)
    mean, trials = found.spent.expected, len(found.censored)
    rungs.append(Rung(mean, f"this run: {series.identity.recipe}", series.device_name, trials, None))
    return Ladder(
        title=f"{100 * series.target:g} % on {series.data.source}, {rule} rule",
        x=Axis("time, s; hardware differs, so no verdict follows", scale="log"),
        rungs=sorted(rungs, key=lambda rung: (rung.seconds, rung.is_own)),
    )


def _published(figure: PublishedFigure) -> Rung:
    system = figure.system if figure.system.startswith(figure.team) else f"{figure.team}: {figure.system}"
    hardware = figure.device if figure.devices == 1 else f"{figure.devices} x {figure.device}"
    return Rung(figure.seconds, system, hardware, figure.trials, figure.source)
