from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawnbench.records.schema import PairingRecord
from dawnbench.records.trial_set import TrialFigures
from dawnbench.stats.comparison.outcome import TimeComparison
from dawnbench.stats.comparison.paired import are_paired, compare_paired_times, pairs
from tests.stats.trial_sets import SPENT, any_trials, interrupted, series, sides, timed, trial

pytestmark = pytest.mark.filterwarnings("error")

Times = list[float | None]
RNG = np.random.default_rng(0)
A: Times = RNG.normal(20, 0.2, 12).tolist()
B: Times = RNG.normal(19, 0.2, 12).tolist()


def compared(a: Times, b: Times) -> TimeComparison:
    return compare_paired_times(*sides(a, b), "dawnbench")


def test_only_the_two_sides_of_one_campaign_are_paired() -> None:
    a, b = sides(A, B)
    assert are_paired(a, b)
    assert are_paired(b, a)
    assert not are_paired(a, a)
    assert not are_paired(a, timed(20))
    assert not are_paired(a, replace(b, pairing=PairingRecord("another", "B")))


def test_trials_are_paired_by_number_and_one_without_a_partner_is_left_out() -> None:
    a = series([trial(), interrupted(), trial(), trial()])
    b = series([trial(), trial(), interrupted()])
    assert [(one.trial, other.trial) for one, other in pairs(a, b)] == [(1, 1)]


def test_the_ratio_is_that_of_the_means_and_the_test_is_wilcoxons() -> None:
    found = compared(A, B)
    ratios = np.array(B, dtype=float) / np.array(A, dtype=float)
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(np.mean(B) / np.mean(A))
    assert found.p_signed_rank == pytest.approx(stats.wilcoxon(np.log(ratios), method="exact").pvalue)
    assert found.word == "faster"
    assert compared(B, A).word == "slower"


def test_a_slow_spell_that_affects_both_sides_of_a_pair_cancels_out() -> None:
    spells = [3.0 if pair % 3 == 0 else 1.0 for pair in range(12)]
    found = compared(
        [s * f for s, f in zip(A, spells, strict=True)], [s * f for s, f in zip(B, spells, strict=True)]
    )
    undisturbed = compared(A, B)
    assert found.ratio is not None
    assert undisturbed.ratio is not None
    assert found.ratio.value == pytest.approx(undisturbed.ratio.value, abs=0.005)
    assert found.ratio.interval is not None
    assert undisturbed.ratio.interval is not None
    assert found.ratio.interval.low == pytest.approx(undisturbed.ratio.interval.low)
    assert found.word == "faster"


def test_the_other_p_values_and_the_expected_times_are_those_of_all_trials() -> None:
    found = compared(A, B)
    assert found.seconds == pytest.approx((np.mean(A), np.mean(B)))
    assert found.p_mann_whitney == pytest.approx(stats.mannwhitneyu(B, A, method="exact").pvalue)
    assert found.p_welch == pytest.approx(stats.ttest_ind(B, A, equal_var=False).pvalue)


@pytest.mark.parametrize(
    ("count", "word", "missing"),
    [(2, "cannot tell with so few trials", 6), (7, "cannot tell with so few trials", 1), (8, "faster", 0)],
)
def test_a_verdict_needs_eight_pairs(count: int, word: str, missing: int) -> None:
    found = compared(A[:count], B[:count])
    assert (found.word, found.missing) == (word, (missing, missing))
    assert found.ratio is not None
    assert (found.ratio.interval is None) == (missing > 0)


def test_identical_times_show_no_difference() -> None:
    found = compared([20.0] * 12, [20.0] * 12)
    assert (found.word, found.p_signed_rank) == ("no difference shown", 1.0)


# --- pairs in which a trial missed the target ---


def test_if_one_trial_of_a_pair_missed_the_pair_counts_for_the_other_side() -> None:
    found = compared(A, [*B[:3], *[None] * 9])
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx((sum(B[:3]) + 9 * SPENT) / 3 / np.mean(A))  # type: ignore[arg-type]
    assert found.ratio.interval is not None
    assert found.ratio.interval.high == math.inf
    assert (found.missed, found.word) == ((0, 9), "slower")
    assert compared(A, [*B[:8], *[None] * 4]).word == "no difference shown"
    assert compared([None] * 12, B).word == "faster"


def test_pairs_in_which_both_missed_say_nothing_about_speed() -> None:
    found = compared([*A[:8], *[None] * 4], [*B[:8], *[None] * 4])
    reached = compared(A[:8], B[:8])
    assert found.ratio is not None
    assert reached.ratio is not None
    assert (found.ratio.interval, found.p_signed_rank, found.word) == (
        reached.ratio.interval,
        reached.p_signed_rank,
        reached.word,
    )
    assert found.missed == (4, 4)
    assert compared([*A[:7], *[None] * 4], [*B[:7], *[None] * 4]).missing == (1, 1)


def test_if_all_trials_missed_nothing_is_shown_however_many_pairs() -> None:
    found = compared([None] * 12, [None] * 12)
    assert (found.ratio, found.p_signed_rank, found.word) == (None, None, "no difference shown")
    assert compared([None] * 3, [None] * 3).word == "cannot tell with so few trials"


def test_mostly_faster_but_often_missing_is_neither_faster_nor_slower() -> None:
    a: Times = [20 + i / 50 for i in range(40)]
    b: Times = [None if i % 8 == 0 else 19 + i / 50 for i in range(40)]
    found = compared(a, b)
    assert found.ratio is not None
    assert found.ratio.value > 1
    assert found.ratio.interval is not None
    assert found.ratio.interval.high < 1  # seven pairs in eight are faster
    assert found.word == "no difference shown"


def test_mostly_faster_but_missing_so_often_that_ranks_and_means_agree_is_slower() -> None:
    a: Times = [20 + i / 50 for i in range(200)]
    b: Times = [None if i % 5 < 2 else 19 + i / 50 for i in range(200)]
    assert compared(a, b).word == "slower"


def test_a_pair_that_lacks_a_segment_is_left_out() -> None:
    a, b = sides(A, B)
    unseen = replace(a.trials[0], seconds={"dawnbench": None}, spent_seconds={"dawnbench": None})
    found = compare_paired_times(replace(a, trials=(unseen, *a.trials[1:])), b, "dawnbench")
    fewer = compared(A[1:], B[1:])
    assert found.ratio is not None
    assert fewer.ratio is not None
    assert (found.ratio.interval, found.p_signed_rank) == (fewer.ratio.interval, fewer.p_signed_rank)


def test_without_pairs_nothing_can_be_shown() -> None:
    assert compared([], A).word == "cannot tell with so few trials"
    assert compared([0.0] * 9, [0.0] * 9).ratio is None


@settings(max_examples=25, deadline=None)
@given(st.data(), any_trials, any_trials)
def test_any_two_sides_are_compared_and_the_order_of_the_pairs_does_not_matter(
    data: st.DataObject, a: list[TrialFigures], b: list[TrialFigures]
) -> None:
    found = compare_paired_times(series(a), series(b), "dawnbench")
    both = list(zip(a, b, strict=False))
    mixed = data.draw(st.permutations(both))
    again = compare_paired_times(series([p for p, _ in mixed]), series([q for _, q in mixed]), "dawnbench")
    assert found.p_signed_rank == again.p_signed_rank
    if found.ratio is not None and again.ratio is not None:
        assert found.ratio.interval == again.ratio.interval
    if found.ratio is not None and found.ratio.interval is not None and found.p_signed_rank is not None:
        assert (1 in found.ratio.interval) == (found.p_signed_rank >= 0.01)
