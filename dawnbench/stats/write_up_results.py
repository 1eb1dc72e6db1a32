"""What a run's trials come to in a write-up: which of them count, their figures, their gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dawnbench.records.reader import Run
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
    recorded = {trial.trial: trial for trial in run.trials}
    begun = sorted({epoch.trial for epoch in run.epochs})
    finished = [n for n in begun if n in recorded and recorded[n].status == "finished"]
    counted = finished or begun
    if not counted:
        return None
    others = sorted((recorded.keys() | set(begun)) - set(counted if finished else ()))
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
        whole=bool(finished),
        left_out=tuple(left_out),
        gap=gap(epochs),
        underfits=all(end.mean < run.record.target for end in ends),
    )
