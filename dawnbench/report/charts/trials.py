"""What the charts of a run's trials share."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.reader import Run
from dawnbench.records.schema import TrialRecord
from dawnbench.stats.progress import median_trial


def median_number(run: Run, rule: str) -> int:
    """Return the number of the trial that stands for a run: the median one, or the first that began."""
    middle = median_trial(run.trials, rule)
    return middle.trial if middle else min((epoch.trial for epoch in run.epochs), default=1)


def median_last(trials: Sequence[TrialRecord], median: int) -> list[TrialRecord]:
    """Return the trials with the median one at the end, which is drawn above the others."""
    return sorted(trials, key=lambda trial: trial.trial == median)


def subject(run: Run) -> str:
    """Return what was run on what."""
    return f"{run.record.identity.recipe} on {run.record.device_name}"
