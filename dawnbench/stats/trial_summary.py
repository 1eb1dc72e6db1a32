"""Summaries of the trials of a run or a baseline."""

from __future__ import annotations

from dataclasses import dataclass

from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.claim import Claim, claim
from dawnbench.stats.inference_summary import InferenceSummary, summarise_inference
from dawnbench.stats.sample import Sample, describe
from dawnbench.stats.sequential import CLAIM_ALPHA, level_after
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
    """About all trials; one that diverged counts as 0. None of an inference run: its passes all give the same
    answers."""
    energy: Sample | None
    """Joules of a whole trial; of an inference run, of one image."""
    energy_to_target: Sample | None
    """Joules up to the end of the epoch that reached the target; None of an inference run."""
    inference: InferenceSummary | None = None
    """None of a training."""


def summarise(series: TrialSet) -> Summary:
    """Return the summary of a set of trials."""
    trials = series.counting
    return Summary(
        trials=len(trials),
        left_out=len(series.trials) - len(trials),
        diverged=_diverged(series),
        reached=sum(trial.reached for trial in trials),
        times=tuple(times(series, rule) for rule in rules_of([series])),
        epochs=describe([t.epochs_to_target for t in trials if t.epochs_to_target is not None]),
        accuracy=describe(accuracies(series), highest=1.0),
        claim=claim_about(series),
        energy=describe(energies(series, to_target=False)),
        energy_to_target=None if series.inference else describe(energies(series, to_target=True)),
        inference=summarise_inference(series) if series.inference else None,
    )


def claim_about(series: TrialSet) -> Claim | None:
    """Return what the trials say about the mean accuracy; None if they say nothing, as in an inference run.

    If the run went on until the claim was settled, the level is that of its stopping rule.
    """
    if series.inference is not None:
        return None
    # Leaving out trials that diverged would make the claim easier to meet.
    values = (*accuracies(series), *[0.0] * _diverged(series))
    stopping = series.stopping
    if stopping is None or stopping.question != "claim":
        return claim(values, series.target)
    both = level_after(len(values), stopping.first_look, stopping.max_trials, 2 * CLAIM_ALPHA)
    return claim(values, series.target, both / 2)


def _diverged(series: TrialSet) -> int:
    return sum(trial.status == "diverged" for trial in series.counting)
