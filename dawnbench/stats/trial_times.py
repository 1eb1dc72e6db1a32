"""Times of trials of which some may have missed the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.bootstrap import Interval, bootstrap_interval, ordered
from dawnbench.stats.sample import Sample, describe


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected time to the target of someone who tries again until a trial reaches it.

    All time spent over the number of successes, as benchmarks of black-box optimisers define the expected
    running time (Auger and Hansen 2005; COCO). With every trial successful it is the mean.
    """

    seconds: float
    """Infinite where no trial reached the target."""
    interval: Interval | None
    """Bootstrap 95 % interval over the trials; None with fewer than two trials."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What trials spent, in one unit, those that missed the target apart."""

    reached: tuple[float, ...]
    """To the target, or to the trial's end where the rule does not stop at it; in the trials' order."""
    missed: tuple[float, ...]
    """By the trials that missed the target or diverged."""

    @property
    def censored(self) -> tuple[float, ...]:
        """What each trial spent, infinite for those that missed."""
        return self.reached + (math.inf,) * len(self.missed)

    @property
    def table(self) -> np.ndarray:
        """An array (n, 2), sorted: what each trial spent, and 1 where it succeeded, 0 where not."""
        rows = [(figure, 1.0) for figure in self.reached] + [(figure, 0.0) for figure in self.missed]
        return ordered(np.array(rows, dtype=float).reshape(-1, 2))

    @property
    def expected(self) -> float:
        """All that was spent over the number of successes; infinite where there is none."""
        return float(expected_time(self.table.T))


@dataclass(frozen=True, slots=True)
class Times:
    """The trials' times under one rule."""

    rule: str
    reached: tuple[float, ...]
    """Seconds of the trials that the rule gives a time, in their order."""
    missed: tuple[float, ...]
    """Seconds spent by the trials that it gives none: the target was missed, or the trial diverged."""
    sample: Sample | None
    """Of `reached`; None where there is none."""
    expected: Expected | None
    """None where there is no trial at all."""

    @property
    def censored(self) -> tuple[float, ...]:
        """The seconds of all trials, infinite for those that missed."""
        return self.spent.censored

    @property
    def spent(self) -> Spent:
        """The seconds of all trials."""
        return Spent(self.reached, self.missed)


def expected_time(spent_and_success: Any, axis: int = -1) -> Any:
    """Return total time over successes; the two lie along the first axis, the trials along `axis`."""
    seconds, success = spent_and_success
    total, count = seconds.sum(axis=axis), success.sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), math.inf)


def times(series: TrialSet, rule: str) -> Times:
    """Return what the times under a rule come to, of the trials that say something about the recipe."""
    spent = spent_seconds(series, rule)
    return Times(rule, spent.reached, spent.missed, describe(spent.reached), _expected(spent))


# As in `describe`.
@lru_cache(maxsize=64)
def _expected(spent: Spent) -> Expected | None:
    if not spent.censored:
        return None
    return Expected(spent.expected, bootstrap_interval([spent.table], expected_time))


def spent_seconds(series: TrialSet, rule: str) -> Spent:
    """Return the seconds that trials spent by a rule.

    A trial of which the run recorded neither a time nor time spent (the process's start was not seen, say) is
    in neither list. By a rule that does not stop at the target, one that diverged after it is missed.
    """
    found = [(trial, censored_seconds(trial, rule)) for trial in series.counting]
    return Spent(
        tuple(seconds for _, seconds in found if seconds is not None and math.isfinite(seconds)),
        tuple(trial.spent_seconds[rule] or 0.0 for trial, seconds in found if seconds == math.inf),
    )


def censored_seconds(trial: TrialFigures, rule: str) -> float | None:
    """Return a trial's time, infinite where it missed the target; None where the rule knows none."""
    seconds = trial.seconds.get(rule)
    if seconds is not None and math.isfinite(seconds):
        return seconds
    # One that succeeded, but has no time, lacks it because a segment was not seen.
    return math.inf if is_miss(trial, rule) and trial.spent_seconds.get(rule) is not None else None


def is_miss(trial: TrialFigures, rule: str) -> bool:
    """Return whether a trial that counts failed by what a rule asks: the target, or a whole trial."""
    return not trial.reached if stops_at_target(rule) else trial.status == "diverged"


def rules_of(series: Sequence[TrialSet]) -> tuple[str, ...]:
    """Return the names of the rules that the series report, in their order."""
    return tuple(dict.fromkeys(rule for one in series for trial in one.trials for rule in trial.seconds))
