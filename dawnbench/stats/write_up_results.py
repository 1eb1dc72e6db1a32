"""What a run's trials come to in a write-up: which of them count, their figures, their gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dawnbench.records.reader import Run
from dawnbench.stats.progress import median_trial
from dawnbench.stats.write_up import Course, Gap, Spread, course, gap, spread


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A trial whose figures would spoil the others' mean."""

    trial: int
    """Counted from 1."""
    status: str
    """As recorded; "broken off" where the run was killed before it wrote the trial down."""
    reason: str | None
    """Why it did not finish, as recorded."""


@dataclass(frozen=True, slots=True)
class Results:
    """A model's results: the trials that came to their end, or where there are none, as far as any went."""

    courses: tuple[Course, ...]
    """At least one."""
    whole: bool
    """Whether these trials came to their end."""
    left_out: tuple[LeftOut, ...]
    """All other trials, where there are whole ones; otherwise these, as they ended."""
    gap: Gap
    underfits: bool
    """Whether at the end neither training nor validation accuracy is at the target, in the trials' mean."""

    def over(self, figure: Callable[[Course], float]) -> Spread:
        """Return a figure of the trials with its mean, least and most."""
        return spread([figure(one) for one in self.courses])


def results(run: Run) -> Results | None:
    """Return a run's results against its target; None where no epoch was recorded."""
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
    """Return the number of the trial whose epochs stand for a run: the median of those that count, by a rule.

    It is the first of them where none was written down to its end, and None where no epoch was recorded.
    """
    counted = _counted(run)
    median = median_trial([trial for trial in run.trials if trial.trial in counted], rule)
    if median is not None:
        return median.trial
    return counted[0] if counted else None


def _counted(run: Run) -> list[int]:
    """Return the trials that came to their end, or where there are none, those that began, in order."""
    begun = sorted({epoch.trial for epoch in run.epochs})
    return [number for number in begun if _is_finished(run, number)] or begun


def _is_finished(run: Run, number: int) -> bool:
    return any(trial.trial == number and trial.status == "finished" for trial in run.trials)
