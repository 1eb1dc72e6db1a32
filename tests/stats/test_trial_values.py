from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.records.trial_set import TrialFigures
from dawnbench.stats.sample import describe
from dawnbench.stats.trial_values import (
    Spent,
    accuracies,
    censored_seconds,
    energies,
    rules_of,
    spent_energies,
    spent_seconds,
    times,
)
from tests.stats.trial_sets import SPENT, accurate, any_trials, diverged, interrupted, series, timed, trial

pytestmark = pytest.mark.filterwarnings("error")

few = settings(max_examples=25, deadline=None)


def whole(status: str, seconds: float | None, epochs: int | None = None, **changes: object) -> TrialFigures:
    """A trial timed by a rule that does not stop at the target."""
    return replace(
        trial(),
        status=status,
        seconds={"airbench": seconds},
        spent_seconds={"airbench": 33.0},
        epochs_to_target=epochs,
        **changes,
    )


def test_a_miss_is_kept_with_the_time_it_spent() -> None:
    found = times(timed(20, None, 22), "dawnbench")
    assert (found.reached, found.missed) == ((20, 22), (SPENT,))
    assert found.censored == (20, 22, math.inf)
    assert found.expected is not None
    assert found.expected.seconds == (20 + SPENT + 22) / 2


def test_the_expected_time_is_that_of_retrying_until_success() -> None:
    run = timed(18, 20, None, 25, None)
    expected = times(run, "dawnbench").expected
    rng = np.random.default_rng(0)
    spent = spent_seconds(run, "dawnbench").table
    waited = []
    for _ in range(4_000):
        total, success = 0.0, 0.0
        while not success:
            seconds, success = spent[rng.integers(len(spent))]
            total += seconds
        waited.append(total)
    assert expected is not None
    assert np.mean(waited) == pytest.approx(expected.seconds, rel=0.03)


def test_if_all_reach_the_target_the_expected_time_is_the_mean() -> None:
    found = times(timed(20, 21, 25), "dawnbench")
    assert found.expected is not None
    assert found.sample == describe([20, 21, 25])
    assert found.sample is not None
    assert found.expected.seconds == pytest.approx(found.sample.mean)
    assert found.expected.interval == found.sample.interval


def test_if_none_reaches_the_target_the_expected_time_is_infinite() -> None:
    found = times(timed(None, None), "dawnbench")
    assert found.expected is not None
    assert found.expected.seconds == math.inf
    assert found.sample is None


def test_without_a_trial_there_is_nothing() -> None:
    found = times(series([]), "dawnbench")
    assert (found.reached, found.missed, found.sample, found.expected) == ((), (), None, None)


def test_a_diverged_trial_is_a_miss_and_an_interrupted_one_is_not() -> None:
    found = times(
        series([trial(took=20), diverged(), interrupted(), interrupted(status="failed")]), "dawnbench"
    )
    assert (found.reached, found.missed) == ((20,), (SPENT,))


def test_a_trial_interrupted_after_the_target_keeps_its_time() -> None:
    for status in ("interrupted", "failed", "diverged"):
        found = times(series([trial(took=20, status=status)]), "dawnbench")
        assert (found.reached, found.missed) == ((20,), ())


# --- rules that do not stop at the target ---


def test_a_whole_trial_has_its_time_whether_it_reached_the_target_or_not() -> None:
    run = series([whole("finished", 30, epochs=8), whole("finished", 31)])
    assert times(run, "airbench").reached == (30, 31)


def test_a_trial_that_diverged_after_the_target_is_not_a_whole_trial() -> None:
    run = series(
        [whole("diverged", None, epochs=8), whole("diverged", None), whole("finished", 30, epochs=8)]
    )
    found = times(run, "airbench")
    assert (found.reached, found.missed) == ((30,), (33, 33))


def test_a_trial_interrupted_after_the_target_says_nothing_about_whole_trials() -> None:
    found = times(series([whole("interrupted", None, epochs=8)]), "airbench")
    assert (found.reached, found.missed) == ((), ())


# --- missing values ---


def test_a_rule_whose_start_was_not_seen_has_no_times_and_no_misses() -> None:
    unseen = {"seconds": {"cold": None}, "spent_seconds": {"cold": None}}
    run = series([trial(**unseen), trial(epochs_to_target=None, **unseen), diverged(**unseen)])
    found = times(run, "cold")
    assert (found.reached, found.missed, found.expected) == ((), (), None)


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf])
def test_a_nan_time_does_not_count(seconds: float) -> None:
    assert censored_seconds(trial(took=seconds), "dawnbench") is None
    missed = trial(took=seconds, epochs_to_target=None)
    assert censored_seconds(missed, "dawnbench") == math.inf


def test_a_rule_that_the_run_does_not_report_has_no_times() -> None:
    assert times(timed(20, None), "strict").expected is None


def test_the_rules_of_several_runs_appear_once_in_order() -> None:
    made = [series([trial(seconds={"dawnbench": 1.0, "cold": None})]), timed(3)]
    assert rules_of(made) == ("dawnbench", "cold")
    assert rules_of([series([])]) == ()


# --- properties of any trials ---


@few
@given(any_trials)
def test_every_trial_that_counts_is_a_time_or_a_miss(trials: list[TrialFigures]) -> None:
    run = series(trials)
    found = times(run, "dawnbench")
    assert len(found.reached) + len(found.missed) == len(run.counting)
    if found.expected is not None and found.reached:
        spent = sum(one.spent_seconds["dawnbench"] or 0 for one in run.counting)
        assert found.expected.seconds == pytest.approx(spent / len(found.reached))
        if found.expected.interval is not None:
            assert found.expected.seconds in found.expected.interval


@few
@given(st.data(), any_trials)
def test_the_order_of_the_trials_does_not_matter(data: st.DataObject, trials: list[TrialFigures]) -> None:
    mixed = series(data.draw(st.permutations(trials)))
    assert times(mixed, "dawnbench").expected == times(series(trials), "dawnbench").expected


@few
@given(any_trials, st.integers(1, 3))
def test_another_miss_makes_the_expected_time_longer(trials: list[TrialFigures], misses: int) -> None:
    before = times(series(trials), "dawnbench").expected
    after = times(series([*trials, *[diverged()] * misses]), "dawnbench").expected
    assert after is not None
    if before is not None:
        assert after.seconds > before.seconds or after.seconds == before.seconds == math.inf


def test_what_was_spent_is_one_sorted_table() -> None:
    spent = Spent((20.0, 18.0), (40.0,))
    assert spent.table.tolist() == [[18, 1], [20, 1], [40, 0]]
    assert Spent((), ()).table.shape == (0, 2)
    assert Spent((), ()).expected == math.inf
    assert spent.expected == 39


def test_the_energy_of_whole_trials_is_that_of_finished_ones() -> None:
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


def test_under_a_rule_that_does_not_stop_at_the_target_only_divergence_is_a_miss() -> None:
    run = series([trial(took=None, energy_joules=700.0), diverged(energy_joules=90.0)])
    found = spent_energies(run, "airbench")
    assert (found.reached, found.missed) == ((700,), (90,))


def test_nan_readings_are_left_out() -> None:
    wrong = [
        trial(energy_joules=one, energy_to_target_joules=one, accuracy=one) for one in (math.nan, math.inf)
    ]
    run = series([*wrong, trial(energy_joules=5.0, energy_to_target_joules=4.0, accuracy=0.95)])
    assert energies(run, to_target=False) == (5,)
    assert energies(run, to_target=True) == (4,)
    assert accuracies(run) == (0.95,)


def test_the_accuracies_are_those_of_finished_trials() -> None:
    assert accuracies(accurate(0.94, None, 0.95)) == (0.94, 0.95)
    assert accuracies(series([interrupted(accuracy=0.5)])) == ()
