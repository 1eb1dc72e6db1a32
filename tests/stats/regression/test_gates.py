from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.regression.convergence import judge_epochs
from dawnbench.stats.regression.gates import accuracy_gate, energy_gate, epochs_gate, time_gate
from dawnbench.stats.regression.judgement import Gate
from tests.stats.trial_sets import (
    SPENT,
    accurate,
    any_trials,
    converged,
    interrupted,
    series,
    timed,
    trial,
)

pytestmark = pytest.mark.filterwarnings("error")

RNG = np.random.default_rng(0)
BASELINE = timed(*RNG.normal(20, 0.2, 10).tolist())
few = settings(max_examples=25, deadline=None)


def gated(*seconds: float | None, baseline: TrialSet = BASELINE, margin: float = 0.02) -> Gate:
    return time_gate(timed(*seconds), baseline, "dawnbench", margin)


def near(mean: float, count: int = 10) -> list[float]:
    return np.random.default_rng(1).normal(mean, 0.2, count).tolist()


# --- time ---


def test_a_run_like_the_baseline_holds_and_gives_the_numbers() -> None:
    run = near(20)
    gate = gated(*run)
    assert gate.outcome == "holds"
    assert (gate.metric, gate.unit) == ("time", "s")
    assert gate.measured == pytest.approx(np.mean(run))
    theirs = [trial.seconds["dawnbench"] or 0 for trial in BASELINE.trials]
    assert gate.reference == pytest.approx(np.mean(theirs))
    assert gate.change == pytest.approx(np.mean(run) / np.mean(theirs) - 1)
    assert gate.interval is not None
    assert gate.interval[0] < np.mean(run) < gate.interval[1]
    assert gate.p_value == pytest.approx(
        stats.mannwhitneyu(run, [1.02 * s for s in theirs], alternative="greater", method="exact").pvalue
    )
    assert gate.sentence.endswith(f"no slowdown shown beyond 2 % (p = {gate.p_value:.2g})")


def test_a_slower_run_is_a_regression() -> None:
    gate = gated(*near(21))
    assert gate.outcome == "regression"
    assert gate.sentence.startswith(f"{gate.measured:.4g} s against {gate.reference:.4g} s, +")
    assert "more than the margin of 2 % (p = " in gate.sentence


def test_a_faster_run_holds_and_a_wider_margin_lets_more_pass() -> None:
    assert gated(*near(15)).outcome == "holds"
    assert gated(*near(21), margin=0.06).outcome == "holds"
    assert gated(*near(20.4), margin=0.0).outcome == "regression"


def test_a_change_of_exactly_the_margin_holds() -> None:
    assert gated(*[2.55] * 10, baseline=timed(*[2.5] * 10)).outcome == "holds"
    assert gated(*[2.56] * 10, baseline=timed(*[2.5] * 10)).outcome == "regression"


def test_ranks_beyond_the_margin_do_not_fail_a_mean_within_it() -> None:
    gate = gated(*[s * 1.04 for s in near(20, 9)], 16.0)
    assert gate.p_value is not None
    assert gate.p_value < 0.05
    assert gate.change is not None
    assert 0 < gate.change < 0.02
    assert gate.outcome == "holds"


def test_misses_are_counted_in_the_time_and_in_the_sentence() -> None:
    run = near(20, 9)
    gate = gated(*run, None)
    assert gate.measured == pytest.approx((sum(run) + SPENT) / 9)
    assert "; 1 of 10 trials missed the target, 0 of 10 of the baseline's: no slowdown" in gate.sentence
    assert gate.outcome == "holds"


def test_fast_trials_do_not_make_up_for_missing_every_second_target() -> None:
    gate = gated(*near(20, 5), *[None] * 5)
    assert gate.outcome == "regression"
    assert "5 of 10 trials missed the target, 0 of 10 of the baseline's: more failures than" in gate.sentence
    assert gate.p_value == pytest.approx(stats.fisher_exact([[5, 5], [0, 10]], alternative="greater").pvalue)


@pytest.mark.parametrize("misses", [1, 3, 6])
def test_extra_misses_do_not_make_a_slower_run_pass(misses: int) -> None:
    assert gated(*near(21), *[None] * misses).outcome == "regression"
    assert gated(*near(21, 3), *[None] * misses).outcome == "regression"


def test_a_baseline_that_misses_as_often_lets_it_pass() -> None:
    baseline = timed(*near(20, 5), *[None] * 5)
    assert gated(*near(20, 5), *[None] * 5, baseline=baseline).outcome == "holds"


def test_a_run_that_never_reached_the_target_is_a_regression_without_a_time() -> None:
    gate = gated(*[None] * 10)
    assert (gate.outcome, gate.measured, gate.change, gate.interval) == ("regression", None, None, None)
    assert gate.sentence.startswith("no trial reached the target; 10 of 10 trials missed the target")


def test_a_run_that_rarely_reached_the_target_has_no_interval() -> None:
    gate = gated(20.0, *[None] * 9)
    assert gate.measured == 20 + 9 * SPENT
    assert gate.interval is None


@pytest.mark.parametrize("trials", [1, 2])
def test_too_few_trials_never_hold(trials: int) -> None:
    gate = gated(*near(20, trials))
    assert (gate.outcome, gate.p_value) == ("too few trials", None)
    assert gate.measured is not None
    assert gated(*near(40, 3), baseline=timed(*near(20, 3))).outcome == "too few trials"


def test_interrupted_trials_are_not_misses() -> None:
    run = series([*timed(*near(20)).trials, *[interrupted()] * 10])
    assert time_gate(run, BASELINE, "dawnbench", 0.02).outcome == "holds"


@pytest.mark.parametrize(
    ("run", "baseline", "words"),
    [
        (BASELINE, timed(*[None] * 10), "no trial of the baseline reached the target"),
        (BASELINE, series([]), "no trial of the baseline reached the target"),
        (series([]), BASELINE, "no trial of the run has a time under the rule dawnbench"),
    ],
)
def test_without_times_nothing_is_compared(run: TrialSet, baseline: TrialSet, words: str) -> None:
    gate = time_gate(run, baseline, "dawnbench", 0.02)
    assert (gate.outcome, gate.sentence) == ("not comparable", words)


# --- energy ---


def consuming(*joules: float | None, misses: int = 0, of_a_miss: float = 900.0) -> TrialSet:
    reached = [trial(energy_joules=one and 2 * one, energy_to_target_joules=one) for one in joules]
    return series([*reached, *[trial(took=None, energy_joules=of_a_miss)] * misses])


def test_energy_to_the_target_is_gated_like_time() -> None:
    baseline = consuming(*near(20))
    assert energy_gate(consuming(*near(20)), baseline, "dawnbench", 0.02).outcome == "holds"
    gate = energy_gate(consuming(*near(21)), baseline, "dawnbench", 0.02)
    assert (gate.outcome, gate.metric, gate.unit) == ("regression", "energy", "J")
    assert gate.measured == pytest.approx(np.mean(near(21)))


def test_a_run_does_not_hold_because_of_its_few_successes() -> None:
    gate = energy_gate(consuming(*near(20, 5), misses=5), consuming(*near(20)), "dawnbench", 0.02)
    assert gate.outcome == "regression"
    assert gate.measured == pytest.approx((sum(near(20, 5)) + 5 * 900) / 5)
    assert "5 of 10 trials missed the target" in gate.sentence


@pytest.mark.parametrize(
    ("run", "baseline", "words"),
    [
        (BASELINE, consuming(20), "the run has no energy reading"),
        (consuming(20), BASELINE, "the baseline has no energy reading"),
        (BASELINE, BASELINE, "the baseline has no energy reading"),
        (
            consuming(20),
            consuming(misses=3),
            "no trial of the baseline with an energy reading reached the target",
        ),
    ],
)
def test_without_readings_no_energy_is_compared(run: TrialSet, baseline: TrialSet, words: str) -> None:
    gate = energy_gate(run, baseline, "dawnbench", 0.02)
    assert (gate.outcome, gate.sentence) == ("not comparable", words)


def test_a_baseline_without_energy_use_is_not_an_error() -> None:
    gate = energy_gate(consuming(*near(20)), consuming(*[0.0] * 10), "dawnbench", 0.02)
    assert (gate.outcome, gate.change) == ("regression", None)
    assert gate.sentence.startswith("20.04 J against 0 J: more than")


# --- accuracy ---

ACCURATE = [0.944, 0.945, 0.943, 0.946, 0.9445, 0.9435, 0.9455, 0.9425, 0.9465, 0.9441]


def test_an_accuracy_as_before_holds() -> None:
    gate = accuracy_gate(accurate(*ACCURATE), accurate(*ACCURATE), 0.001)
    assert (gate.outcome, gate.unit, gate.change) == ("holds", "%", 0)
    assert gate.measured == pytest.approx(100 * np.mean(ACCURATE))
    assert gate.sentence.startswith("94.45 %, +0.00 points: no loss shown beyond 0.1 points (p = ")


def test_a_larger_drop_than_allowed_is_a_regression_but_a_gain_is_not() -> None:
    lower, higher = ([a + by for a in ACCURATE] for by in (-0.004, 0.004))
    gate = accuracy_gate(accurate(*lower), accurate(*ACCURATE), 0.0012)  # by which none ties with another
    assert gate.outcome == "regression"
    assert gate.change == pytest.approx(-0.4)
    assert "-0.40 points: lower by more than 0.12 points (p = " in gate.sentence
    expected = stats.mannwhitneyu(lower, [a - 0.0012 for a in ACCURATE], alternative="less", method="exact")
    assert gate.p_value == pytest.approx(expected.pvalue)
    assert accuracy_gate(accurate(*lower), accurate(*ACCURATE), 0.01).outcome == "holds"
    assert accuracy_gate(accurate(*higher), accurate(*ACCURATE), 0.001).outcome == "holds"


def test_a_drop_of_exactly_the_allowed_amount_holds() -> None:
    for before in (951, 944, 937):
        run, baseline = [(before - 1) / 1000] * 10, [before / 1000] * 10
        assert accuracy_gate(accurate(*run), accurate(*baseline), 0.001).outcome == "holds"


def test_trials_that_diverged_rank_below_all_others() -> None:
    gate = accuracy_gate(accurate(*ACCURATE[:5], *[None] * 5), accurate(*ACCURATE), 0.001)
    assert gate.outcome == "regression"
    assert "; 5 of 10 trials diverged, 0 of 10 of the baseline's: more failures than chance" in gate.sentence
    none = accuracy_gate(accurate(*[None] * 10), accurate(*ACCURATE), 0.001)
    assert (none.outcome, none.measured) == ("regression", None)
    assert none.sentence.startswith("no trial ran to the end; 10 of 10 trials diverged")


def test_a_baseline_that_diverged_as_often_lets_it_pass() -> None:
    run = accurate(*ACCURATE[:5], *[None] * 5)
    gate = accuracy_gate(run, run, 0.001)
    assert gate.outcome == "holds"
    assert "5 of 10 trials diverged, 5 of 10 of the baseline's" in gate.sentence


def test_without_accuracies_nothing_is_compared() -> None:
    assert accuracy_gate(accurate(*ACCURATE), accurate(None), 0.001).outcome == "not comparable"
    assert accuracy_gate(series([]), accurate(*ACCURATE), 0.001).outcome == "too few trials"
    assert accuracy_gate(accurate(*ACCURATE[:2]), accurate(*ACCURATE), 0.001).outcome == "too few trials"


# --- epochs ---

EPOCHS = (16, 14, 16, 17, 16, 16, 15, 16, 15, 16)


@pytest.mark.parametrize(
    ("run", "outcome"),
    [(EPOCHS, "holds"), ((13,) * 10, "too fast"), ((18,) * 10, "regression"), ((16, 16), "too few trials")],
)
def test_epochs_are_judged_by_the_convergence_point(run: tuple[int, ...], outcome: str) -> None:
    gate = epochs_gate(converged(*run), converged(*EPOCHS))
    verdict = judge_epochs(run, EPOCHS)
    assert (gate.outcome, gate.sentence, gate.p_value) == (outcome, verdict.sentence, verdict.p_value)
    assert gate.measured == pytest.approx(np.mean(run))
    assert gate.reference == pytest.approx(np.mean(EPOCHS))
    assert gate.change == pytest.approx(np.mean(run) / np.mean(EPOCHS) - 1)


def test_trials_that_missed_the_target_are_passed_to_the_convergence_point() -> None:
    gate = epochs_gate(converged(*EPOCHS[:6], None, None, None, None), converged(*EPOCHS))
    assert gate.outcome != "holds"
    assert "4 of 10 trials missed the target" in gate.sentence
    broken = series([*converged(*EPOCHS).trials, interrupted()])
    assert epochs_gate(broken, converged(*EPOCHS)).outcome == "holds"


# --- any trials ---


@few
@given(any_trials, any_trials, st.sampled_from((0.0, 0.02, 0.5)))
def test_every_gate_has_a_sentence_and_finite_numbers(
    a: list[TrialFigures], b: list[TrialFigures], margin: float
) -> None:
    run, baseline = series(a), series(b)
    for gate in (
        time_gate(run, baseline, "dawnbench", margin),
        energy_gate(run, baseline, "dawnbench", margin),
        accuracy_gate(run, baseline, margin),
        epochs_gate(run, baseline),
    ):
        figures: list[Any] = [
            gate.measured,
            gate.reference,
            gate.change,
            gate.p_value,
            *(gate.interval or ()),
        ]
        assert all(figure is None or math.isfinite(figure) for figure in figures)
        assert gate.sentence
        assert "nan" not in gate.sentence
        if gate.outcome == "regression":
            assert gate.p_value is not None
            assert gate.p_value < 0.05
