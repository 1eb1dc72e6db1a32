from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.records.trial_set import TrialFigures, TrialSet
from dawnbench.stats.comparison.unpaired import compare_accuracy, compare_energy, compare_times, welch
from tests.stats.trial_sets import SPENT, accurate, any_trials, diverged, series, timed, trial

pytestmark = pytest.mark.filterwarnings("error")

few = settings(max_examples=25, deadline=None)
times = st.lists(st.integers(600, 700).map(lambda n: n / 32), min_size=1, max_size=9)
RNG = np.random.default_rng(0)
SLOW, FAST = (RNG.normal(mean, 0.2, 12).tolist() for mean in (20, 18))


def swapped(text: str) -> str:
    return {"faster": "slower", "slower": "faster"}.get(text, text)


@few
@given(times, times)
def test_the_values_match_numpy_and_the_tests_match_scipy(a: list[float], b: list[float]) -> None:
    found = compare_times(timed(*a), timed(*b), "dawnbench")
    assert found.seconds == pytest.approx((np.mean(a), np.mean(b)))
    assert (found.trials, found.missed, found.p_signed_rank) == ((len(a), len(b)), (0, 0), None)
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(np.mean(b) / np.mean(a))
    if len({*a, *b}) == len(a) + len(b):
        assert found.p_mann_whitney == pytest.approx(stats.mannwhitneyu(b, a, method="exact").pvalue)
    if min(len(set(a)), len(set(b))) > 1:
        assert found.p_welch == pytest.approx(stats.ttest_ind(b, a, equal_var=False).pvalue)


def test_the_other_is_compared_with_the_reference() -> None:
    assert compare_times(timed(*SLOW), timed(*FAST), "dawnbench").word == "faster"
    assert compare_times(timed(*FAST), timed(*SLOW), "dawnbench").word == "slower"


@few
@given(times, times, st.sampled_from((0.5, 4.0)))
def test_scaling_all_times_changes_no_ratio_and_no_verdict(
    a: list[float], b: list[float], scale: float
) -> None:
    found = compare_times(timed(*a), timed(*b), "dawnbench")
    scaled = compare_times(timed(*[scale * s for s in a]), timed(*[scale * s for s in b]), "dawnbench")
    assert (scaled.ratio, scaled.word) == (found.ratio, found.word)
    assert scaled.p_mann_whitney == found.p_mann_whitney


@few
@given(st.data(), any_trials, any_trials)
def test_the_order_of_the_trials_does_not_matter(
    data: st.DataObject, a: list[TrialFigures], b: list[TrialFigures]
) -> None:
    mixed = [series(data.draw(st.permutations(trials))) for trials in (a, b)]
    assert compare_times(mixed[0], mixed[1], "dawnbench") == compare_times(series(a), series(b), "dawnbench")


@few
@given(any_trials, any_trials)
def test_swapping_the_two_reverses_the_verdict(a: list[TrialFigures], b: list[TrialFigures]) -> None:
    one = compare_times(series(a), series(b), "dawnbench")
    other = compare_times(series(b), series(a), "dawnbench")
    assert one.word == swapped(other.word)
    assert one.p_mann_whitney == other.p_mann_whitney


@few
@given(any_trials, any_trials)
def test_the_interval_excludes_1_exactly_if_the_test_shows_a_difference(
    a: list[TrialFigures], b: list[TrialFigures]
) -> None:
    found = compare_times(series(a), series(b), "dawnbench")
    if found.ratio is not None:
        assert found.ratio.value >= 0
        if found.ratio.interval is not None:
            assert found.p_mann_whitney is not None
            assert (1 in found.ratio.interval) == (found.p_mann_whitney >= 0.01)
            assert 0 <= found.ratio.interval.low <= found.ratio.interval.high


# --- few, equal or no trials ---


@pytest.mark.parametrize(
    ("n", "m", "missing"),
    [(1, 1, (4, 4)), (1, 40, (1, 0)), (4, 5, (1, 0)), (4, 4, (1, 1)), (3, 3, (2, 2)), (0, 0, (5, 5))],
)
def test_too_few_trials_show_nothing_however_far_apart(n: int, m: int, missing: tuple[int, int]) -> None:
    found = compare_times(timed(*SLOW[:n]), timed(*np.linspace(1, 2, m).tolist()), "dawnbench")
    assert (found.word, found.missing) == ("cannot tell with so few trials", missing)
    assert found.ratio is None or found.ratio.interval is None


def test_five_against_five_can_tell() -> None:
    assert compare_times(timed(*SLOW[:5]), timed(*FAST[:5]), "dawnbench").word == "faster"


@pytest.mark.parametrize(("a", "b"), list(itertools.product([(), (20.0,), (20.0,) * 6], repeat=2)))
def test_equal_or_single_or_no_times_show_no_difference(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    found = compare_times(timed(*a), timed(*b), "dawnbench")
    assert found.word in ("no difference shown", "cannot tell with so few trials")
    assert found.p_welch is None


def test_without_spread_a_difference_still_shows() -> None:
    found = compare_times(timed(*[20.0] * 6), timed(*[19.0] * 6), "dawnbench")
    assert found.word == "faster"
    assert found.ratio is not None
    assert found.ratio.value == 0.95


# --- trials that missed the target ---


def test_misses_count_in_the_expected_time_and_in_the_ranks() -> None:
    found = compare_times(timed(*SLOW), timed(*SLOW[:6], *[None] * 6), "dawnbench")
    assert found.missed == (0, 6)
    assert found.trials == (12, 12)
    expected = (sum(SLOW[:6]) + 6 * SPENT) / 6
    assert found.seconds[1] == pytest.approx(expected)
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(expected / np.mean(SLOW))
    assert found.p_mann_whitney is not None
    assert found.p_mann_whitney < 0.05


def test_if_only_one_side_reaches_the_target_it_is_faster() -> None:
    found = compare_times(timed(*SLOW), timed(*[None] * 8), "dawnbench")
    assert (found.word, found.seconds[1]) == ("slower", None)
    assert found.ratio is not None
    assert found.ratio.value == math.inf
    assert compare_times(timed(*[None] * 8), timed(*SLOW), "dawnbench").word == "faster"


def test_if_neither_side_reaches_the_target_nothing_is_shown() -> None:
    found = compare_times(timed(*[None] * 8), timed(*[None] * 8), "dawnbench")
    assert (found.word, found.ratio, found.seconds) == ("no difference shown", None, (None, None))


def test_mostly_faster_but_often_missing_is_neither_faster_nor_slower() -> None:
    reference = timed(*[20 + i / 100 for i in range(40)])
    other = timed(*[18 + i / 100 for i in range(32)], *[None] * 8)
    found = compare_times(reference, other, "dawnbench")
    assert found.ratio is not None
    assert found.ratio.interval is not None
    assert found.ratio.value > 1  # what the misses spent is more than the others save
    assert found.p_mann_whitney is not None
    assert found.p_mann_whitney < 0.01  # yet four trials in five are faster
    assert found.ratio.interval.high < 1
    assert found.word == "no difference shown"


def test_faster_with_a_miss_is_not_faster_if_the_means_cannot_be_told_apart() -> None:
    reference = timed(*[20 + i / 100 for i in range(40)])
    missing_one = timed(*[18 + i / 100 for i in range(38)], *[None] * 2)
    found = compare_times(reference, missing_one, "dawnbench")
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(1.01, abs=0.02)
    assert found.word == "no difference shown"
    much_faster = timed(*[10 + i / 100 for i in range(38)], *[None] * 2)
    assert compare_times(reference, much_faster, "dawnbench").word == "faster"


# --- accuracy and energy ---


def test_the_difference_of_accuracy_is_in_points_with_welchs_p_value() -> None:
    a, b = (0.940, 0.941, 0.943, 0.942), (0.945, 0.944, 0.947)
    difference, p = compare_accuracy(accurate(*a), accurate(*b))
    assert difference is not None
    assert difference.value == pytest.approx(100 * (np.mean(b) - np.mean(a)))
    assert difference.interval is not None
    assert -0.2 < difference.interval.low < 0 < difference.value < difference.interval.high < 0.9  # p is 0.02
    assert p == pytest.approx(stats.ttest_ind(b, a, equal_var=False).pvalue)


@pytest.mark.parametrize(("a", "b"), [((), (0.94,)), ((None,), (0.94,)), ((), ())])
def test_without_accuracies_there_is_no_difference(a: tuple[float | None, ...], b: tuple[float, ...]) -> None:
    assert compare_accuracy(accurate(*a), accurate(*b)) == (None, None)


def test_welch_needs_two_values_per_side_and_some_spread() -> None:
    assert welch([1.0], [2.0, 3.0]) is None
    assert welch([1.0, 1.0], [2.0, 2.0]) is None
    assert welch([1.1, 1.1, 1.1], [1, 2, 3]) == pytest.approx(stats.ttest_1samp([1, 2, 3], 1.1).pvalue)


def consuming(*joules: float, misses: int = 0) -> TrialSet:
    reached = [trial(energy_joules=2 * one, energy_to_target_joules=one) for one in joules]
    return series([*reached, *[trial(took=None, energy_joules=300.0)] * misses])


def test_the_energies_are_those_to_the_target() -> None:
    found = compare_energy(consuming(100, 101, 102, 103, 104), consuming(50, 51, 49, 52, 48), "dawnbench")
    assert found is not None
    assert found.value == pytest.approx(50 / 102)
    assert found.interval is not None
    assert found.value in found.interval


def test_the_energy_spent_on_a_miss_is_included() -> None:
    found = compare_energy(consuming(100, 100), consuming(100, 100, misses=1), "dawnbench")
    assert found is not None
    assert found.value == pytest.approx((100 + 100 + 300) / 2 / 100)


def test_without_readings_there_is_no_ratio_of_energies() -> None:
    assert compare_energy(timed(20), consuming(100), "dawnbench") is None
    assert compare_energy(consuming(100), series([diverged()]), "dawnbench") is None
    assert compare_energy(consuming(0, 0), consuming(100), "dawnbench") is None
