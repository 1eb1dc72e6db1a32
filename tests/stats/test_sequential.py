"""The bounds against published ones, and how often the rules err in thousands of simulated experiments."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from dawnbench.errors import DawnbenchError
from dawnbench.records.schema import Question
from dawnbench.stats.sequential import (
    LARGEST_MAX_TRIALS,
    VERDICT_ALPHA,
    AutoTrials,
    bounds,
    first_look,
    fixed_width_share,
    level_after,
    pocock_type,
)
from tests.stats.stopping_rules import (
    KINDS,
    Noise,
    claims,
    differences,
    intervals,
    lognormal,
    normal,
    verdicts,
)

CAMPAIGNS = 4000


def scores(levels: tuple[float, ...]) -> list[float]:
    return [NormalDist().inv_cdf(1 - level / 2) for level in levels]


def test_the_bounds_are_those_published_for_five_looks() -> None:
    # The Pocock-type function of Lan and DeMets at 0.05, two-sided.
    found = scores(bounds((20, 40, 60, 80, 100), 100, 0.05, pocock_type))
    assert found == pytest.approx([2.438, 2.427, 2.410, 2.397, 2.386], abs=0.0006)


def test_a_single_look_is_the_test_of_a_fixed_number_of_trials() -> None:
    assert bounds((20,), 20, 0.05) == pytest.approx([0.05], rel=1e-3)
    assert level_after(8, first_look("verdict", 8), 8, VERDICT_ALPHA) == pytest.approx(0.01, rel=2e-3)


def test_a_random_walk_crosses_the_bounds_as_often_as_they_say() -> None:
    least = scores(bounds(range(10, 41), 40, 0.05))
    walks = np.cumsum(np.random.default_rng(1).standard_normal((40_000, 40)), axis=1)
    crossed = np.abs(walks[:, 9:]) / np.sqrt(np.arange(10, 41)) > least
    assert crossed.any(axis=1).mean() == pytest.approx(0.05, abs=0.004)
    # Half of it by half of the trials: the level is spent evenly.
    assert crossed[:, :11].any(axis=1).mean() == pytest.approx(0.025, abs=0.003)


def test_there_is_no_level_before_the_first_look_or_beyond_what_was_planned() -> None:
    first = first_look("verdict", 40)
    assert level_after(first - 1, first, 40, 0.01) == level_after(41, first, 40, 0.01) == 0
    assert 0 < level_after(40, first, 40, 0.01) < 0.01
    # What a damaged or hostile run.json may ask for.
    assert level_after(5, 1, 2**62, 0.01) == 0


@pytest.mark.parametrize("most", [8, 20, 40, LARGEST_MAX_TRIALS])
def test_a_verdict_is_first_looked_for_when_pairs_that_all_agree_could_settle_it(most: int) -> None:
    first = first_look("verdict", most)
    assert 2.0 ** (1 - first) < level_after(first, first, most, VERDICT_ALPHA) * 1.01
    assert first == 8 or 2.0 ** (2 - first) > VERDICT_ALPHA * (first - 1) / most


def test_the_fixed_width_is_students_interval_with_a_correction_for_few_trials() -> None:
    times = np.random.default_rng(2).normal(20, 0.4, 12)
    low, high = stats.t.interval(0.95, 11, times.mean(), stats.sem(times))
    found = fixed_width_share([(time, 1.0) for time in times])
    assert found == pytest.approx((high - low) / 2 / times.mean() * (1 + 2 / 12))


def test_trials_that_missed_the_target_widen_the_interval_of_the_expected_time() -> None:
    reached, missed = [(20 + i / 10, 1.0) for i in range(12)], [(40.0, 0.0)] * 4
    few, many = fixed_width_share(reached), fixed_width_share([*reached, *missed])
    assert few is not None
    assert many is not None
    assert many > 5 * few


@pytest.mark.parametrize("values", [[], [(20.0, 1.0)], [(40.0, 0.0)] * 5, [(0.0, 1.0)] * 5])
def test_without_a_mean_or_a_spread_there_is_no_width(values: list[tuple[float, float]]) -> None:
    assert fixed_width_share(values) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"until": 0.0}, "--until 0% is not between 0 and 100 %"),
        ({"until": 1.0}, "--until 100% is not"),
        ({"until": math.nan}, "--until nan%"),
        ({"max_minutes": 0.0}, "--max-minutes 0 is not a time"),
        ({"max_minutes": math.inf}, "--max-minutes inf is not a time"),
        ({"rule": "cold"}, "cannot go by the rule cold: all trials of a run share one start"),
        ({"rule": "lap"}, "there is no timing rule lap"),
    ],
)
def test_what_no_rule_can_follow_is_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(DawnbenchError, match=said):
        AutoTrials(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "least", "said"),
    [
        ("verdict", 8, "--max-trials 7 is not from 8 to 1000 pairs: a verdict takes at least that many"),
        ("claim", 8, "--max-trials 7 is not from 8 to 1000 trials: the accuracy claim takes"),
        ("interval", 10, "--max-trials 9 is not from 10 to 1000 trials: an interval from fewer"),
    ],
)
def test_too_few_trials_to_settle_the_question_are_refused(question: Question, least: int, said: str) -> None:
    AutoTrials(max_trials=least).check(question)
    with pytest.raises(DawnbenchError, match=said):
        AutoTrials(max_trials=least - 1).check(question)
    with pytest.raises(DawnbenchError, match="--max-trials 1001"):
        AutoTrials(max_trials=1001).check(question)


# --- by simulation ---


@pytest.mark.parametrize("noise", KINDS, ids=lambda noise: noise.__name__)
def test_identical_code_is_seldom_called_different_and_the_interval_holds_the_ratio(noise: Noise) -> None:
    found = verdicts(differences(np.random.default_rng(3), noise, CAMPAIGNS))
    # The level is 1 %; the issue allows 5 in 100.
    assert (found.side != 0).mean() <= 0.02
    assert found.covered.mean() >= 0.95


@pytest.mark.parametrize("most", [10, 20, 100])
def test_so_it_is_for_any_largest_number_of_pairs(most: int) -> None:
    found = verdicts(differences(np.random.default_rng(4), lognormal, CAMPAIGNS // 2, most=most))
    assert (found.side != 0).mean() <= 0.02


@pytest.mark.parametrize("slower", [0.03, -0.03])
@pytest.mark.parametrize("noise", KINDS, ids=lambda noise: noise.__name__)
def test_a_real_difference_is_found_and_long_before_the_last_pair(noise: Noise, slower: float) -> None:
    found = verdicts(differences(np.random.default_rng(5), noise, CAMPAIGNS // 4, slower), slower)
    right = found.side == np.sign(slower)
    assert right.mean() >= 0.85
    assert not (found.side == -np.sign(slower)).any()
    assert found.trials.mean() < 25
    assert found.covered.mean() >= 0.95


def test_a_claim_at_its_target_is_settled_either_way_at_most_five_times_in_a_hundred() -> None:
    found = claims(0.94 + 0.001 * np.random.default_rng(6).standard_normal((20_000, 40)), 0.94)
    assert (found.side > 0).mean() <= 0.053
    assert (found.side < 0).mean() <= 0.053


def test_a_claim_that_is_true_is_settled_early() -> None:
    found = claims(0.941 + 0.001 * np.random.default_rng(7).standard_normal((CAMPAIGNS, 40)), 0.94)
    assert (found.side > 0).mean() >= 0.99
    assert found.trials.mean() < 15


@pytest.mark.parametrize(("noise", "least"), [(normal, 0.94), (lognormal, 0.90)])
@pytest.mark.parametrize("until", [0.01, 0.005])
def test_an_interval_that_was_waited_for_covers_the_mean_about_as_often_as_it_says(
    noise: Noise, least: float, until: float
) -> None:
    found = intervals(noise(np.random.default_rng(8), CAMPAIGNS, 150), 1.0, until)
    assert found.covered.mean() >= least
    assert found.trials.mean() < 60
