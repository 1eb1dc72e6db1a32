from __future__ import annotations

import math

from dawnbench.stats.figures import accuracies, energies, spent_energies
from tests.stats.trial_sets import accurate, diverged, interrupted, series, trial


def test_the_energy_of_whole_trials_is_that_of_those_that_came_to_their_end() -> None:
    run = series(
        [
            trial(energy_joules=500.0),
            trial(energy_joules=None),
            trial(took=None, energy_joules=700.0),
            diverged(energy_joules=90.0),
            interrupted(energy_joules=80.0),
        ]
    )
    assert energies(run, to_target=False) == (500, 700)


def test_the_energy_to_the_target_is_that_of_those_that_reached_it() -> None:
    run = series([trial(energy_joules=500.0, energy_to_target_joules=400.0), trial(took=None)])
    assert energies(run, to_target=True) == (400,)


def test_a_miss_keeps_the_energy_that_it_spent() -> None:
    run = series(
        [
            trial(energy_joules=500.0, energy_to_target_joules=400.0),
            trial(took=None, energy_joules=700.0),
            diverged(energy_joules=90.0),
            diverged(energy_joules=None),
            interrupted(energy_joules=80.0),
        ]
    )
    found = spent_energies(run, "dawnbench")
    assert (found.reached, found.missed) == ((400,), (700, 90))
    assert found.expected == 400 + 700 + 90


def test_by_a_rule_that_does_not_stop_at_the_target_only_divergence_is_a_miss() -> None:
    run = series([trial(took=None, energy_joules=700.0), diverged(energy_joules=90.0)])
    found = spent_energies(run, "airbench")
    assert (found.reached, found.missed) == ((700,), (90,))


def test_readings_that_are_no_number_are_left_out() -> None:
    wrong = [
        trial(energy_joules=one, energy_to_target_joules=one, accuracy=one) for one in (math.nan, math.inf)
    ]
    run = series([*wrong, trial(energy_joules=5.0, energy_to_target_joules=4.0, accuracy=0.95)])
    assert energies(run, to_target=False) == (5,)
    assert energies(run, to_target=True) == (4,)
    assert accuracies(run) == (0.95,)


def test_the_accuracies_are_those_of_trials_that_came_to_their_end() -> None:
    assert accuracies(accurate(0.94, None, 0.95)) == (0.94, 0.95)
    assert accuracies(series([interrupted(accuracy=0.5)])) == ()
