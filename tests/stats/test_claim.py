from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from dawnbench.stats.claim import ALPHA, POWER, Claim, claim, trials_to_settle

pytestmark = pytest.mark.filterwarnings("error")

images = st.lists(st.integers(9_300, 9_500), min_size=2, max_size=30)
"""Correct images out of 10,000, trial by trial."""


def of(*accuracies: float, target: float = 0.94) -> Claim:
    found = claim(accuracies, target)
    assert found is not None
    return found


def power(trials: int, effect: float) -> float:
    """The power of a one-sided t-test at 0.05, averaged over the spreads that this many trials may show."""
    freedom = trials - 1
    least = stats.t.isf(ALPHA, freedom)

    def shown(chi_squared: float) -> float:
        by_spread = least * math.sqrt(chi_squared / freedom) - effect * math.sqrt(trials)
        return float(stats.norm.sf(by_spread) * stats.chi2.pdf(chi_squared, freedom))

    low, high = stats.chi2.ppf([1e-10, 1 - 1e-10], freedom)
    return float(integrate.quad(shown, low, high, limit=200)[0])


@settings(max_examples=50, deadline=None)
@given(images)
def test_the_p_value_is_scipys_one_sided_t_test(right: list[int]) -> None:
    accuracies = [count / 10_000 for count in right]
    found = of(*accuracies)
    if len(set(right)) == 1:
        assert found.p_value is None
        return
    assert found.p_value == pytest.approx(
        stats.ttest_1samp(accuracies, 0.94, alternative="greater").pvalue, abs=1e-12
    )
    below = stats.ttest_1samp(accuracies, 0.94, alternative="less").pvalue
    expected = "holds" if found.p_value < 0.05 else "fails" if below < 0.05 else "not settled"
    assert found.standing == expected
    assert claim(accuracies[::-1], 0.94) == found
    assert found.settles_at is None or found.settles_at > found.trials


def test_a_mean_well_above_the_target_holds() -> None:
    found = of(0.9405, 0.9411, 0.9408, 0.9402, 0.9409)
    assert (found.standing, found.settles_at, found.trials) == ("holds", None, 5)
    assert found.mean == pytest.approx(0.9407)


def test_a_mean_well_below_the_target_fails() -> None:
    assert of(0.9395, 0.9391, 0.9388, 0.9392, 0.9389).standing == "fails"


def test_a_mean_near_the_target_says_how_many_trials_would_settle_it() -> None:
    accuracies = (0.942, 0.939, 0.943, 0.938, 0.941)
    found = of(*accuracies)
    assert found.standing == "not settled"
    effect = (np.mean(accuracies) - 0.94) / np.std(accuracies, ddof=1)
    assert found.settles_at == trials_to_settle(float(effect))


def test_an_unsettled_claim_needs_more_trials_than_it_has() -> None:
    found = of(0.9401, 0.9409, 0.9399)
    assert found.settles_at is not None
    assert found.settles_at > found.trials


@pytest.mark.parametrize("accuracies", [(0.95,), (0.95, 0.95, 0.95), (0.1, 0.1)])
def test_without_spread_nothing_is_claimed(accuracies: tuple[float, ...]) -> None:
    found = of(*accuracies)
    assert (found.standing, found.p_value, found.settles_at) == ("not settled", None, None)
    assert found.mean == accuracies[0]


def test_without_accuracies_there_is_no_claim() -> None:
    assert claim([], 0.94) is None


def test_no_number_of_trials_settles_a_mean_at_the_target() -> None:
    assert of(0.9375, 0.9425, target=0.94).settles_at is None


# --- how many trials ---


@pytest.mark.parametrize(("effect", "trials"), [(0.2, 156), (0.5, 27), (0.8, 12)])
def test_small_medium_and_large_effects_need_the_trials_in_the_tables(effect: float, trials: int) -> None:
    assert trials_to_settle(effect) == trials


@pytest.mark.parametrize("effect", [0.1, 0.3, 0.7, 1.0, 1.6, 2.5, 4.0])
def test_the_number_of_trials_is_the_smallest_with_that_power(effect: float) -> None:
    trials = trials_to_settle(effect)
    assert trials is not None
    assert power(trials, effect) >= POWER
    assert power(trials - 1, effect) < POWER


def test_that_many_trials_settle_the_claim_four_times_in_five() -> None:
    drawn = np.random.default_rng(0).normal(0.5, 1, (4_000, 27))
    shown = stats.ttest_1samp(drawn, 0, axis=1, alternative="greater").pvalue < 0.05
    assert shown.mean() == pytest.approx(0.81, abs=0.02)


@pytest.mark.parametrize("effect", [0.0, -1.0, 1e-9, 1e-320, math.nan, math.inf])
def test_no_number_of_trials_shows_an_effect_of_zero(effect: float) -> None:
    assert trials_to_settle(effect) is None


@pytest.mark.parametrize("effect", [30.0, 1e3, 1e300])
def test_an_obvious_effect_needs_two_trials(effect: float) -> None:
    assert trials_to_settle(effect) == 2
