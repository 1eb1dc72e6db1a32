"""A run's results in a write-up: which trials count, their results, and their accuracy gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dawnbench.records.reader import Run
from dawnbench.stats.progress import median_trial
from dawnbench.stats.write_up import Course, Gap, Spread, course, gap, spread


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A trial that would distort the others' mean."""

    trial: int
    """Counted from 1."""
    status: str
    """As recorded; "broken off" if the run was killed before it recorded the trial."""
    reason: str | None
    """Why it did not finish, as recorded."""


@dataclass(frozen=True, slots=True)
class Results:
    """A model's results: from the trials that finished, or from all trials if none finished."""

    courses: tuple[Course, ...]
    """At least one."""
    whole: bool
    """Whether these trials finished."""
    left_out: tuple[LeftOut, ...]
    """All other trials if `whole`, otherwise these, and how they ended."""
    gap: Gap
    underfits: bool
    """Whether mean training and validation accuracy both end below the target."""

    def over(self, value: Callable[[Course], float]) -> Spread:
        """Return the mean, minimum and maximum of a value over the trials."""
        return spread([value(one) for one in self.courses])


def results(run: Run) -> Results | None:
    """Return a run's results with its target; None if no epoch was recorded."""
    counted = _counted(run)
    if not counted:
        return None
    recorded = {trial.trial: trial for trial in run.trials}
    whole = _is_finished(run, counted[0])
    begun = {epoch.trial for epoch in run.epochs}
    others = sorted((recorded.keys() | begun) - set(counted if whole else ()))
    left_out = [
        LeftOut(n, recorded[n].status, recorded[n].reason)
        if n in recorded
        else LeftOut(n, "broken off", None)
        for n in others
    ]
    epochs = [run.epochs_of(n) for n in counted]
    courses = tuple(course(of_trial, run.record.target) for of_trial in epochs)
    ends = [spread([c.last_train for c in courses]), spread([c.last_validation for c in courses])]
    return Results(
        courses=courses,
        whole=whole,
        left_out=tuple(left_out),
        gap=gap(epochs),
        underfits=all(end.mean < run.record.target for end in ends),
    )


def typical_trial(run: Run, rule: str) -> int | None:
    """Return the number of the trial that represents a run: the median by a rule of those that count.

    It is the first of them if none was recorded in full, and None if no epoch was recorded.
    """
    counted = _counted(run)
    median = median_trial([trial for trial in run.trials if trial.trial in counted], rule)
    if median is not None:
        return median.trial
    return counted[0] if counted else None


def _counted(run: Run) -> list[int]:
    """Return the trials that finished, or if none did, those that started, in order."""
    begun = sorted({epoch.trial for epoch in run.epochs})
    return [number for number in begun if _is_finished(run, number)] or begun


def _is_finished(run: Run, number: int) -> bool:
    return any(trial.trial == number and trial.status == "finished" for trial in run.trials)
