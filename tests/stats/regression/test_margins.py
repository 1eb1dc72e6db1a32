from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dawnbench.stats.regression.margins import Beyond, beyond, failures, missing, too_few

pytestmark = pytest.mark.filterwarnings("error")

MISS = math.inf


def slower(run: list[float], allowed: list[float]) -> Beyond:
    finite = [[figure for figure in side if math.isfinite(figure)] for side in (run, allowed)]
    return beyond(run, allowed, "greater", mean_beyond=np.mean(finite[0]) > np.mean(finite[1]))


def test_the_p_value_is_scipys_one_sided_mann_whitney() -> None:
    rng = np.random.default_rng(0)
    run, allowed = rng.normal(21, 1, 9).tolist(), rng.normal(20, 1, 8).tolist()
    found = slower(run, allowed)
    expected = stats.mannwhitneyu(run, allowed, alternative="greater", method="exact").pvalue
    assert found.p_value == pytest.approx(expected)
    assert found.shown == (expected < 0.05)
    opposite = beyond(run, allowed, "less", mean_beyond=True)
    assert opposite.p_value == pytest.approx(
        stats.mannwhitneyu(run, allowed, alternative="less", method="exact").pvalue
    )
    assert not opposite.shown


def test_ranks_beyond_the_margin_are_not_enough_if_the_mean_is_within() -> None:
    run, allowed = [21.0] * 9 + [1.0], [20.0] * 10
    assert beyond(run, allowed, "greater", mean_beyond=True).shown
    assert not beyond(run, allowed, "greater", mean_beyond=False).shown


def test_values_at_the_margin_are_not_beyond_it_through_rounding() -> None:
    for figure in (0.1, 2.5, 7.7, 1e5 / 3):
        for margin in (0.02, 0.1, 0.07):
            exact = (1 + margin) * figure
            run = [math.nextafter(exact, math.inf)] * 10
            assert not beyond(run, [exact] * 10, "greater", mean_beyond=True).shown


def test_missing_every_second_target_is_shown_even_if_the_others_are_within_the_margin() -> None:
    run, allowed = [20.0 + i / 100 for i in range(5)] + [MISS] * 5, [20.4 + i / 100 for i in range(10)]
    found = slower(run, allowed)
    assert found == Beyond(True, pytest.approx(stats.hypergeom.sf(4, 20, 5, 10)), True)  # type: ignore[arg-type]
    assert stats.mannwhitneyu(run, allowed, alternative="greater").pvalue > 0.4


@pytest.mark.parametrize(("ours", "theirs"), [(1, 0), (3, 0), (4, 1), (5, 5), (0, 9)])
def test_a_few_more_misses_may_be_chance(ours: int, theirs: int) -> None:
    run = [20.0 + i / 100 for i in range(10 - ours)] + [MISS] * ours
    allowed = [20.4 + i / 100 for i in range(10 - theirs)] + [MISS] * theirs
    assert not slower(run, allowed).shown


def test_if_all_trials_missed_the_ranks_show_it() -> None:
    found = beyond([MISS] * 4, [1.0, 2, 3, 4], "greater", mean_beyond=True)
    assert (found.shown, found.by_failures) == (True, False)


@pytest.mark.parametrize(("run", "baseline"), [(0, 10), (2, 10), (10, 2), (3, 3)])
def test_too_few_trials_could_never_show_anything(run: int, baseline: int) -> None:
    words = too_few(run, baseline)
    assert words is not None
    assert f" against {baseline} cannot show a regression at p < 0.05; needs " in words


@pytest.mark.parametrize(
    ("run", "baseline", "more"),
    [
        (3, 3, "needs 1 more of the run's"),
        (2, 10, "needs 1 more of the run's"),
        (10, 2, "needs 1 more of the baseline's"),
        (1, 1, "needs 3 more of the run's and 2 more of the baseline's"),
    ],
)
def test_the_sentence_says_how_many_trials_it_takes(run: int, baseline: int, more: str) -> None:
    assert (too_few(run, baseline) or "").endswith(more)
    ours, theirs = missing(run, baseline)
    assert too_few(run + ours, baseline + theirs) is None


@pytest.mark.parametrize(("run", "baseline"), [(3, 4), (4, 3), (3, 10), (10, 10)])
def test_enough_trials_could_show_something(run: int, baseline: int) -> None:
    assert too_few(run, baseline) is None
    separate = beyond([9.0 + i for i in range(run)], [1.0 + i / 99 for i in range(baseline)], "greater", True)
    assert separate.shown


def test_one_trial_is_in_the_singular() -> None:
    assert str(too_few(1, 10)).startswith("1 trial against 10 ")


def test_failures_are_infinite_on_either_side() -> None:
    assert failures([1.0, math.inf, -math.inf, 2.0]) == 2
