from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.records.schema import Reading
from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.run_warnings import Concern, find_warnings, modified_z_scores
from tests.stats.trial_sets import any_trials, diverged, interrupted, series, timed, trial

pytestmark = pytest.mark.filterwarnings("error")

QUIET = (20.0, 20.1, 19.9, 20.05, 19.95, 20.02, 19.98, 20.08, 19.92, 20.01)


def concerns(run: TrialSet) -> set[Concern]:
    return {doubt.concern for doubt in find_warnings(run, "dawnbench")}


def said(run: TrialSet, concern: Concern) -> str:
    (doubt,) = [doubt for doubt in find_warnings(run, "dawnbench") if doubt.concern == concern]
    return str(doubt)


def quiet(**changes: object) -> TrialSet:
    """Ten quiet trials, with changes to the third."""
    trials = [trial(took=seconds) for seconds in QUIET]
    trials[2] = trial(took=QUIET[2], **changes)
    return series(trials)


def test_ten_quiet_trials_raise_no_warning() -> None:
    assert find_warnings(timed(*QUIET), "dawnbench") == ()


# --- too few ---


@pytest.mark.parametrize(
    ("trials", "words"),
    [(0, "no trials to judge by"), (1, "only 1 trial to judge by"), (4, "only 4 trials to judge by")],
)
def test_fewer_than_five_trials_are_too_few(trials: int, words: str) -> None:
    assert said(timed(*QUIET[:trials]), Concern.TOO_FEW).startswith(f"{words}; run at least 5 trials")


def test_five_trials_are_enough_and_those_that_missed_are_trials() -> None:
    assert concerns(timed(*QUIET[:5])) == set()
    assert concerns(timed(*QUIET[:4], None)) == set()
    assert Concern.TOO_FEW in concerns(series([*timed(*QUIET[:4]).trials, interrupted()]))


# --- an outlier ---


def test_a_trial_far_from_the_others_is_named() -> None:
    words = said(timed(*QUIET[:6], 23.0, *QUIET[6:]), Concern.OUTLIER)
    assert words.startswith("trial 7 took 23 s, the median is 20.01 s (modified z +")
    assert "run more trials" in words


def test_a_trial_far_below_the_others_is_named_too() -> None:
    assert concerns(timed(*QUIET, 17.0)) == {Concern.OUTLIER}


def test_an_outlier_within_two_percent_is_ignored() -> None:
    even = [20.0, 20.001, 19.999] * 5
    assert concerns(timed(*even, 20.39)) == set()
    assert concerns(timed(*even, 20.41)) == {Concern.OUTLIER}


def test_an_outlier_among_mostly_equal_times_stands_out() -> None:
    assert concerns(timed(*[20.0] * 9, 22.0)) == {Concern.OUTLIER}


def test_the_modified_z_score_uses_the_median_absolute_deviation() -> None:
    values = [1.0, 2.0, 4.0, 8.0, 30.0]
    expected = (np.array(values) - 4) / stats.median_abs_deviation(values, scale="normal")
    assert modified_z_scores(values) == pytest.approx(expected, rel=1e-4)


def test_without_spread_all_z_scores_are_zero() -> None:
    assert modified_z_scores([3.0] * 4).tolist() == [0] * 4
    assert modified_z_scores([]).size == 0


# --- a drift ---


def test_a_machine_that_warms_up_is_found() -> None:
    warming = [seconds + 0.2 * i for i, seconds in enumerate(QUIET)]
    words = said(timed(*warming), Concern.DRIFT)
    assert words.startswith("the trials got longer by 8.")
    assert "dawnbench ab" in words
    assert said(timed(*warming[::-1]), Concern.DRIFT).startswith("the trials got shorter")


def test_a_drift_of_less_than_one_percent_is_ignored() -> None:
    assert concerns(timed(*[20 + 0.02 * i for i in range(10)])) == set()
    assert concerns(timed(*[20 + 0.03 * i for i in range(10)])) == {Concern.DRIFT}


def test_a_miss_does_not_hide_a_drift() -> None:
    drifting: list[float | None] = [20 + 0.1 * i for i in range(10)]
    drifting[4] = None
    assert concerns(timed(*drifting)) == {Concern.DRIFT}


# --- a wide spread ---


def test_a_standard_deviation_of_ten_percent_is_wide() -> None:
    assert said(timed(9.0, 10.0, 11.0), Concern.SPREAD).startswith("the times' standard deviation is 10 %")
    assert Concern.SPREAD not in concerns(timed(9.01, 10.0, 11.0))


def test_a_spread_caused_by_the_number_of_epochs_says_so() -> None:
    took = [dict.fromkeys(("dawnbench", "strict"), 9.0 + i) for i in range(3)]
    run = series([trial(seconds=took[i], epochs_to_target=8 + i) for i in range(3)])
    assert "10 % of their mean, with 8 to 10 epochs to the target; run more" in said(run, Concern.SPREAD)
    (doubt,) = (d for d in find_warnings(run, "strict") if d.concern is Concern.SPREAD)
    assert "epochs" not in str(doubt)  # the clock of strict does not stop at the target


def test_one_time_has_no_spread() -> None:
    assert concerns(timed(20.0)) == {Concern.TOO_FEW}


# --- sensors ---


def test_throttling_is_reported_with_its_reasons() -> None:
    words = said(quiet(throttle_reasons=("sw_power_cap", "hw_thermal")), Concern.THROTTLED)
    assert "in trial 3 (sw_power_cap, hw_thermal)" in words
    assert "--lock-gpu-clocks" in words


def test_the_first_five_of_many_throttled_trials_are_listed() -> None:
    run = series([trial(took=seconds, throttle_reasons=("hw_slowdown",)) for seconds in QUIET])
    assert "in trials 1, 2, 3, 4, 5 and 5 more (hw_slowdown);" in said(run, Concern.THROTTLED)


def clocked(*means: float, metric: str = "gpu_sm_clock") -> TrialSet:
    readings = [{metric: Reading(mean, mean, "MHz")} for mean in means]
    return series([trial(took=s, readings=r) for s, r in zip(QUIET, readings * 10, strict=False)])


@pytest.mark.parametrize("metric", ["gpu_sm_clock", "cpu_frequency"])
def test_clocks_that_moved_by_three_percent_are_reported(metric: str) -> None:
    assert concerns(clocked(1980, 1950, metric=metric)) == set()
    assert concerns(clocked(2000, 1940, metric=metric)) == {Concern.CLOCKS}
    words = said(clocked(2000, 1900, metric=metric), Concern.CLOCKS)
    assert "moved between trials, from a mean of 1900 to 2000 MHz" in words


def test_a_clock_that_dips_within_a_trial_is_reported() -> None:
    assert concerns(quiet(readings={"gpu_sm_clock": Reading(1700, 1980, "MHz")})) == {Concern.CLOCKS}
    assert concerns(quiet(readings={"gpu_sm_clock": Reading(1900, 1980, "MHz")})) == set()


def test_another_process_on_the_gpu_is_reported() -> None:
    assert concerns(quiet(readings={"gpu_other_processes": Reading(0, 0, "")})) == set()
    words = said(quiet(readings={"gpu_other_processes": Reading(0.2, 1, "")}), Concern.OTHERS)
    assert words.startswith("other processes used the GPU in trial 3; stop them")


def test_processor_use_by_others_is_reported_from_five_percent() -> None:
    assert concerns(quiet(readings={"cpu_other_utilization": Reading(5, 60, "%")})) == set()
    words = said(quiet(readings={"cpu_other_utilization": Reading(12, 60, "%")}), Concern.OTHERS)
    assert words.startswith("other processes used the processor in trial 3, up to 12 % of its time")


# --- any trials ---


@settings(max_examples=50, deadline=None)
@given(any_trials)
def test_any_trials_can_be_checked(trials: list[TrialFigures]) -> None:
    for doubt in find_warnings(series(trials), "dawnbench"):
        assert "nan" not in doubt.finding
        assert str(doubt) == f"{doubt.finding}; {doubt.concern.value}"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from((0.0, 1.0, 3.0)), min_size=5, max_size=9))
def test_times_of_zero_are_not_an_error(seconds: list[float]) -> None:
    find_warnings(timed(*seconds), "dawnbench")


def test_a_median_of_zero_is_not_divided_by() -> None:
    assert concerns(timed(*[0.0] * 12, 1.0)) == {Concern.SPREAD}
    assert concerns(timed(*[0.0] * 9, 1.0, 2.0, 3.0, 4.0, 5.0)) == {Concern.SPREAD}


def test_a_run_that_only_diverged_has_no_times_to_check() -> None:
    assert concerns(series([diverged()] * 6)) == set()
