"""Summaries of the trials of a run or a baseline."""

from __future__ import annotations

from dataclasses import dataclass

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.claim import Claim, claim
from dawnbench.stats.sample import Sample, describe
from dawnbench.stats.trial_values import Times, accuracies, energies, rules_of, times


@dataclass(frozen=True, slots=True)
class Summary:
    """Every result of a set of trials with its spread."""

    trials: int
    """Those that say something about the recipe."""
    left_out: int
    """Trials that were interrupted or failed before the target."""
    diverged: int
    reached: int
    """How many of the trials reached the target."""
    times: tuple[Times, ...]
    """One per rule."""
    epochs: Sample | None
    """To the target, of the trials that reached it."""
    accuracy: Sample | None
    """Final, 0 to 1, of the trials that ran to the end."""
    claim: Claim | None
    """About all trials; one that diverged counts as 0."""
    energy: Sample | None
    """Joules of a whole trial."""
    energy_to_target: Sample | None
    """Joules up to the end of the epoch that reached the target."""


def summarise(series: TrialSet) -> Summary:
    """Return the summary of a set of trials."""
    trials = series.counting
    diverged = sum(trial.status == "diverged" for trial in trials)
    return Summary(
        trials=len(trials),
        left_out=len(series.trials) - len(trials),
        diverged=diverged,
        reached=sum(trial.reached for trial in trials),
        times=tuple(times(series, rule) for rule in rules_of([series])),
        epochs=describe([t.epochs_to_target for t in trials if t.epochs_to_target is not None]),
        accuracy=describe(accuracies(series), highest=1.0),
        # Leaving out trials that diverged would make the claim easier to meet.
        claim=claim((*accuracies(series), *[0.0] * diverged), series.target),
        energy=describe(energies(series, to_target=False)),
        energy_to_target=describe(energies(series, to_target=True)),
    )
