from __future__ import annotations

import pytest
from hypothesis import given, settings

from dawnbench.records.trial_set import TrialFigures
from dawnbench.stats.sample import describe
from dawnbench.stats.trial_summary import summarise
from tests.stats.trial_sets import any_trials, diverged, interrupted, series, trial


def test_every_trial_is_counted_once() -> None:
    run = series(
        [trial(), trial(), trial(took=None), diverged(), interrupted(), interrupted(status="failed")]
    )
    found = summarise(run)
    assert (found.trials, found.left_out, found.diverged, found.reached) == (4, 2, 1, 2)


def test_each_result_is_described_over_the_trials_that_have_it() -> None:
    run = series(
        [
            trial(took=20.0, epochs_to_target=8, accuracy=0.944, energy_joules=50.0),
            trial(took=22.0, epochs_to_target=9, accuracy=0.948, energy_to_target_joules=40.0),
            trial(took=None, accuracy=0.936),
            diverged(),
        ]
    )
    found = summarise(run)
    assert found.epochs == describe([8, 9])
    assert found.accuracy == describe([0.944, 0.948, 0.936])
    assert found.energy == describe([50])
    assert found.energy_to_target == describe([40])
    assert [times.rule for times in found.times] == ["dawnbench"]
    assert found.times[0].sample == describe([20, 22])
    assert len(found.times[0].missed) == 2


def test_the_claim_is_about_the_runs_target() -> None:
    run = series([trial(accuracy=0.90), trial(accuracy=0.91), trial(accuracy=0.905)], target=0.8)
    claim = summarise(run).claim
    assert claim is not None
    assert (claim.target, claim.standing) == (0.8, "holds")


def test_a_trial_that_diverged_counts_against_the_claim() -> None:
    good = [trial(accuracy=0.90 + 0.001 * i) for i in range(9)]
    assert summarise(series(good, target=0.88)).claim.standing == "holds"  # type: ignore[union-attr]
    claim = summarise(series([*good, diverged()], target=0.88)).claim
    assert claim is not None
    assert (claim.trials, claim.standing) == (10, "not settled")
    assert claim.mean == pytest.approx(0.9 * 0.904)


def test_a_run_without_trials_has_no_results() -> None:
    found = summarise(series([]))
    assert (found.trials, found.times, found.claim, found.accuracy) == (0, (), None, None)


@settings(max_examples=25, deadline=None)
@given(any_trials)
def test_any_trials_have_a_summary(trials: list[TrialFigures]) -> None:
    found = summarise(series(trials))
    assert found.trials + found.left_out == len(trials)
    assert found.reached + found.diverged <= found.trials
