"""What the candidates of a search came to, and which are hopeless before all of their seeds have run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t

from dawnbench.records.reader import read_run
from dawnbench.records.search import SearchRecord
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.intervals import TAIL, Interval, expected_interval, mean_interval
from dawnbench.stats.trial_values import Spent, accuracies, spent_seconds

MIN_FREEDOM = 3
"""Degrees of freedom below which a standard deviation over all candidates says too little."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The trials of one candidate so far."""

    settings: tuple[str, ...]
    """`path=value`."""
    spent: Spent
    """Seconds under the search's rule."""
    accuracies: tuple[float, ...]
    """Final validation accuracies, 0 to 1, of the trials that ran to their end."""
    diverged: int = 0
    """Trials."""

    @property
    def trials(self) -> int:
        """How many have a result."""
        return max(len(self.accuracies) + self.diverged, len(self.spent.censored))

    @property
    def seconds(self) -> float:
        """The expected time to the target: all time spent over the successes; infinite if there are none."""
        return self.spent.expected

    @property
    def seconds_interval(self) -> Interval | None:
        """The 95 % interval of the expected time; None with fewer than two trials."""
        return expected_interval(*self.spent.table.T) if self.spent.censored else None

    @property
    def accuracy(self) -> float | None:
        """The mean accuracy; None if no trial ran to its end."""
        return math.fsum(self.accuracies) / len(self.accuracies) if self.accuracies else None

    @property
    def accuracy_interval(self) -> Interval | None:
        """The mean accuracy's 95 % interval; None with fewer than two trials."""
        return mean_interval(np.asarray(self.accuracies), 1.0)

    def shortfall(self, search: SearchRecord) -> float:
        """Return the accuracy that is missing, negative if there is some to spare; 1 after a divergence."""
        if self.diverged or self.accuracy is None:
            return 1.0
        return search.accuracy - self.accuracy

    def meets(self, search: SearchRecord) -> bool:
        """Return whether the candidate is accurate enough, by its mean, and has a time."""
        return self.shortfall(search) <= 0 and math.isfinite(self.seconds)


def candidate_of(settings: Sequence[str], runs: Iterable[Path], rule: str) -> Candidate:
    """Return what the run folders of one candidate hold.

    Raises:
        DawnbenchError: a run folder cannot be read.
    """
    reached: list[float] = []
    missed: list[float] = []
    final: list[float] = []
    diverged = 0
    for folder in runs:
        trials = trial_set_of(read_run(folder))
        spent = spent_seconds(trials, rule)
        reached += spent.reached
        missed += spent.missed
        final += accuracies(trials)
        diverged += sum(trial.status == "diverged" for trial in trials.counting)
    return Candidate(tuple(settings), Spent(tuple(reached), tuple(missed)), tuple(final), diverged)


def best_of(candidates: Iterable[Candidate], search: SearchRecord) -> Candidate | None:
    """Return the candidate with the least expected time among those that meet the constraint."""
    meeting = [candidate for candidate in candidates if candidate.meets(search)]
    return min(meeting, key=lambda candidate: candidate.seconds, default=None)


def hopeless(one: Candidate, others: Sequence[Candidate], search: SearchRecord) -> str | None:
    """Return why more trials of a candidate are pointless, None if they are not.

    It diverged; or Student's test at 2.5 %, with the standard deviation pooled over all candidates, says that
    it is not accurate enough, or slower than the best of the others that have all of their trials. A rank
    test could say so only after four trials.
    """
    if one.diverged:
        return "a trial diverged"
    everyone = (one, *others)
    if one.accuracy is not None:
        margin = _margin([c.accuracies for c in everyone], 1 / len(one.accuracies))
        if one.accuracy + margin < search.accuracy:
            return f"the mean accuracy is less than {100 * search.accuracy:.4g} %"
    best = best_of((other for other in others if other.trials >= len(search.seeds)), search)
    if best is not None and math.isfinite(one.seconds):
        logs = [tuple(map(math.log, c.spent.reached)) for c in everyone]
        margin = _margin(logs, 1 / len(one.spent.censored) + 1 / len(best.spent.censored))
        if math.log(one.seconds) - margin > math.log(best.seconds):
            return f"it is slower than the best candidate, which takes {best.seconds:.4g} s"
    return None


def _margin(groups: Sequence[Sequence[float]], share: float) -> float:
    """Return the half of a 95 % interval whose variance is `share` of the groups' pooled one."""
    freedom = sum(len(group) - 1 for group in groups if group)
    std = pooled_std(groups)
    return math.inf if std is None else float(t.isf(TAIL, freedom)) * math.sqrt(share) * std


def pooled_std(groups: Sequence[Sequence[float]]) -> float | None:
    """Return the standard deviation within groups; None with fewer than three degrees of freedom."""
    freedom = sum(len(group) - 1 for group in groups if group)
    if freedom < MIN_FREEDOM:
        return None
    return math.sqrt(math.fsum(float(np.var(group)) * len(group) for group in groups if group) / freedom)
