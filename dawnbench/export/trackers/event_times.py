"""When the events in a run folder happened, in seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterator

from dawnbench.export.trackers.metrics import created
from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord, TrialRecord


def trial_begins(run: Run) -> dict[int, float]:
    """Return when each trial began, by its number, including a trial that was cut off with its run.

    A run folder keeps the time of day only once, when it is created. All other times are from a clock with an
    arbitrary origin. A trial without a time on that clock is assumed to begin when the previous one ends.
    """
    begins: dict[int, float] = {}
    now = created(run.record)
    origin: tuple[int, float] | None = None
    for trial in run.trials:
        if trial.began_ns is not None and origin is not None:
            now = origin[1] + (trial.began_ns - origin[0]) / 1e9
        elif not begins:
            now += _set_up_seconds(trial)
        if trial.began_ns is not None and origin is None:
            origin = trial.began_ns, now
        begins[trial.trial] = now
        now += trial.wall_seconds or 0
    for epoch in run.epochs:
        begins.setdefault(epoch.trial, now)
    return begins


def epoch_ends(epochs: tuple[EpochRecord, ...], trial: TrialRecord | None, began: float) -> Iterator[float]:
    """Yield when each epoch of a trial was recorded, which is when its evaluation ended."""
    segments = trial.segments if trial is not None else ()
    recorded = {s.epoch: s.start_ns / 1e9 for s in segments if s.name == "record" and s.epoch is not None}
    spent = 0.0
    for epoch in epochs:
        spent += (epoch.train_seconds or 0) + (epoch.evaluate_seconds or 0)
        spent = recorded.get(epoch.epoch, spent)
        yield began + spent


def _set_up_seconds(first: TrialRecord) -> float:
    """Return the seconds from the creation of the run folder to the first trial; 0 if unknown."""
    making = [s.start_ns for s in first.segments if s.name == "record" and s.epoch is None and s.start_ns < 0]
    return -max(making, default=0) / 1e9
