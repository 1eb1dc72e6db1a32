"""The trials' results other than times: joules and accuracies."""

from __future__ import annotations

import math

from dawnbench.records.rules import stops_at_target
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.trial_times import Spent, is_miss


def energies(series: TrialSet, to_target: bool) -> tuple[float, ...]:
    """Return the joules of each trial that has a reading.

    Over the whole trial if it finished, or up to the end of the epoch that reached the target.
    """
    found = [_energy(trial, to_target) for trial in series.counting]
    return tuple(joules for joules in found if joules is not None)


def spent_energies(series: TrialSet, rule: str) -> Spent:
    """Return the joules that trials with a reading spent, to the target or in total, as the rule asks."""
    to_target = stops_at_target(rule)
    missed = [_finite(trial.energy_joules) for trial in series.counting if is_miss(trial, rule)]
    return Spent(energies(series, to_target), tuple(joules for joules in missed if joules is not None))


def accuracies(series: TrialSet) -> tuple[float, ...]:
    """Return the final accuracy, 0 to 1, of each trial that ran to the end."""
    found = [_finite(trial.accuracy) for trial in series.counting]
    return tuple(accuracy for accuracy in found if accuracy is not None)


def _energy(trial: TrialFigures, to_target: bool) -> float | None:
    if to_target:
        return _finite(trial.energy_to_target_joules)
    return _finite(trial.energy_joules) if trial.status == "finished" else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
