"""Report a finished run folder to a tracker as if the run were in progress."""

from __future__ import annotations

from dawnbench.export.trackers.event_times import epoch_ends, trial_begins
from dawnbench.export.trackers.metrics import (
    epoch_point,
    run_facts,
    telemetry_points,
    trial_facts,
    trial_outcome,
)
from dawnbench.export.trackers.tracker import Tracker, TrialFacts
from dawnbench.records.reader import Run
from dawnbench.records.samples import read_samples


def play(run: Run, tracker: Tracker) -> str:
    """Report a whole run, one trial after the other; return what the tracker says at the end.

    Raises:
        DawnbenchError: the library is not installed, or the run folder is damaged.
        Exception: whatever the library raises.
    """
    record = run.record
    tracker.begin_run(run_facts(record, run.folder.resolve().name))
    outcomes = {trial.trial: trial for trial in run.trials}
    begins = trial_begins(run)
    ended = max(begins.values(), default=run_facts(record, "").began)
    told: list[TrialFacts] = []
    for number, began in begins.items():
        outcome = outcomes.get(number)
        seed = record.seed + number - 1 if outcome is None else outcome.seed
        trial = trial_facts(number, seed, began, record.trials)
        told.append(trial)
        epochs = run.epochs_of(number)
        times = epoch_ends(epochs, outcome, began)
        tracker.begin_trial(trial)
        tracker.log_epochs(trial, [epoch_point(e, at) for e, at in zip(epochs, times, strict=True)])
        if outcome is not None:
            ended = began + (outcome.wall_seconds or 0)
            tracker.end_trial(trial, trial_outcome(outcome, ended))
    tell_telemetry(run, tracker, told)
    return tracker.finish(record.status, ended)


def tell_telemetry(run: Run, tracker: Tracker, told: list[TrialFacts]) -> None:
    """Report the telemetry of the recorded trials that have any."""
    samples = read_samples(run.folder)
    if samples is None:
        return
    outcomes = {trial.trial: trial for trial in run.trials}
    for trial in told:
        if trial.number in outcomes:
            points = telemetry_points(samples, outcomes[trial.number], trial.began)
            if points:
                tracker.log_telemetry(trial, points)
