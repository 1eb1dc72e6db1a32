"""Times, energies and accuracies of trials, some of which may have missed the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.intervals import Interval, expected_interval
from dawnbench.stats.sample import Sample, describe


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected time to the target if one retries until a trial reaches it.

    All time spent over the number of successes, as benchmarks of black-box optimisers define the expected
    running time (Auger and Hansen 2005; COCO). If every trial succeeds it is the mean.
    """

    seconds: float
    """Infinite if no trial reached the target."""
    interval: Interval | None
    """95 %, Student's or with misses Fieller's; None with fewer than two trials."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What trials spent, in one unit; those that missed the target are separate."""

    reached: tuple[float, ...]
    """To the target, or to the trial's end if the rule does not stop at the target; in the trials' order."""
    missed: tuple[float, ...]
    """By the trials that missed the target or diverged."""

    @property
    def censored(self) -> tuple[float, ...]:
        """What each trial spent; infinite for those that missed."""
        return self.reached + (math.inf,) * len(self.missed)

    @property
    def table(self) -> np.ndarray:
        """A sorted array (n, 2): what each trial spent, and 1 if it succeeded, 0 if not."""
        rows = [(spent, 1.0) for spent in self.reached] + [(spent, 0.0) for spent in self.missed]
        return np.array(sorted(rows), dtype=float).reshape(-1, 2)

    @property
    def expected(self) -> float:
        """The total over the number of successes; infinite if there are none."""
        spent, successes = self.table.sum(axis=0).tolist()
        return spent / successes if successes else math.inf


@dataclass(frozen=True, slots=True)
class Times:
    """The trials' times under one rule."""

    rule: str
    reached: tuple[float, ...]
    """Seconds of the trials that the rule gives a time for, in their order."""
    missed: tuple[float, ...]
    """Seconds spent by the other trials: they missed the target or diverged."""
    sample: Sample | None
    """Of `reached`; None if that is empty."""
    expected: Expected | None
    """None if there are no trials at all."""

    @property
    def censored(self) -> tuple[float, ...]:
        """The seconds of all trials; infinite for those that missed."""
        return self.spent.censored

    @property
    def spent(self) -> Spent:
        """The seconds of all trials."""
        return Spent(self.reached, self.missed)


def times(series: TrialSet, rule: str) -> Times:
    """Return the times under a rule of the trials that say something about the recipe, summarised."""
    spent = spent_seconds(series, rule)
    return Times(rule, spent.reached, spent.missed, describe(spent.reached), _expected(spent))


# Cached for the same reason as `describe`.
@lru_cache(maxsize=64)
def _expected(spent: Spent) -> Expected | None:
    if not spent.censored:
        return None
    return Expected(spent.expected, expected_interval(*spent.table.T))


def spent_seconds(series: TrialSet, rule: str) -> Spent:
    """Return the seconds that trials spent under a rule.

    A trial with neither a time nor time spent on record (the process's start was not seen, say) is in neither
    list. Under a rule that does not stop at the target, a trial that diverged after reaching it is a miss.
    """
    found = [(trial, censored_seconds(trial, rule)) for trial in series.counting]
    return Spent(
        tuple(seconds for _, seconds in found if seconds is not None and math.isfinite(seconds)),
        tuple(trial.spent_seconds[rule] or 0.0 for trial, seconds in found if seconds == math.inf),
    )


def censored_seconds(trial: TrialFigures, rule: str) -> float | None:
    """Return a trial's time, infinite if it missed the target; None if the rule gives none."""
    seconds = trial.seconds.get(rule)
    if seconds is not None and math.isfinite(seconds):
        return seconds
    # A trial that succeeded but has no time lacks one because a segment was not seen.
    return math.inf if is_miss(trial, rule) and trial.spent_seconds.get(rule) is not None else None


def is_miss(trial: TrialFigures, rule: str) -> bool:
    """Return whether a trial that counts failed what a rule requires: the target, or a whole trial."""
    return not trial.reached if stops_at_target(rule) else trial.status == "diverged"


def rules_of(series: Sequence[TrialSet]) -> tuple[str, ...]:
    """Return the names of the rules that these trials report, in order."""
    return tuple(dict.fromkeys(rule for one in series for trial in one.trials for rule in trial.seconds))


def energies(series: TrialSet, to_target: bool) -> tuple[float, ...]:
    """Return the joules of each trial that has a reading.

    Over the whole trial if it finished, or up to the end of the epoch that reached the target; of an
    inference run, that of one image.
    """
    found = [_energy(trial, to_target) for trial in series.counting]
    return tuple(joules for joules in found if joules is not None)


def spent_energies(series: TrialSet, rule: str) -> Spent:
    """Return the joules that trials with a reading spent, to the target or in total, as the rule asks.

    Of an inference run they are those of one image.
    """
    to_target = stops_at_target(rule)
    missed = [_finite(trial.energy_joules) for trial in series.counting if is_miss(trial, rule)]
    return Spent(energies(series, to_target), tuple(joules for joules in missed if joules is not None))


def accuracies(series: TrialSet) -> tuple[float, ...]:
    """Return the final accuracy, 0 to 1, of each trial that ran to the end."""
    found = [_finite(trial.accuracy) for trial in series.counting]
    return tuple(accuracy for accuracy in found if accuracy is not None)


def _energy(trial: TrialFigures, to_target: bool) -> float | None:
    if trial.inference is not None:
        return _finite(trial.inference.energy_per_image_joules)
    if to_target:
        return _finite(trial.energy_to_target_joules)
    return _finite(trial.energy_joules) if trial.status == "finished" else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
