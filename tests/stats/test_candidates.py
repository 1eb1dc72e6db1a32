"""Candidates of a search: their figures, and when more trials of one are pointless."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dawnbench.records.search import Parameter, SearchRecord
from dawnbench.stats.candidates import Candidate, best_of, candidate_of, hopeless
from dawnbench.stats.trial_values import Spent
from tests.campaigns.matrix.pretended import Came, record
from tests.records.folders import make_run

SEARCH = SearchRecord(
    recipe="quickstart",
    device="cpu",
    rule="dawnbench",
    accuracy=0.94,
    candidates=20,
    seeds=(0, 1, 2),
    settings=("optimizer.momentum=null",),
    parameters=(Parameter("optimizer.momentum", low=0.5, high=0.9),),
)


def candidate(seconds: list[float], accuracies: list[float], missed: tuple[float, ...] = ()) -> Candidate:
    return Candidate((), Spent(tuple(seconds), missed), tuple(accuracies))


GOOD = candidate([1.0, 1.02, 0.98], [0.950, 0.952, 0.948])


def test_figures_come_from_the_run_folders_of_all_seeds(tmp_path: Path) -> None:
    came = (Came(2.0, 0.95), Came(None, 0.93), Came(4.0, 0.97))
    runs = [make_run(tmp_path / str(seed), (record(one, seed),)) for seed, one in enumerate(came)]
    found = candidate_of(("a=1",), runs, "dawnbench")
    assert found.trials == 3
    assert found.seconds == pytest.approx((2 + 3 + 4) / 2)  # the miss took 3 s
    assert found.accuracy == pytest.approx(0.95)
    assert found.meets(SEARCH)
    airbench = candidate_of((), runs, "airbench")
    assert airbench.seconds == pytest.approx(3)


def test_a_divergence_outweighs_any_accuracy(tmp_path: Path) -> None:
    came = (Came(2.0, 0.99), Came(diverged=True, seconds=None))
    runs = [make_run(tmp_path / str(seed), (record(one, seed),)) for seed, one in enumerate(came)]
    found = candidate_of((), runs, "dawnbench")
    assert (found.trials, found.diverged, found.shortfall(SEARCH)) == (2, 1, 1.0)
    assert not found.meets(SEARCH)
    assert hopeless(found, [], SEARCH) == "a trial diverged"


def test_the_best_is_the_fastest_of_those_that_are_accurate_enough() -> None:
    fast = candidate([0.5], [0.93])
    assert best_of([candidate([2.0], [0.96]), GOOD, fast], SEARCH) is GOOD
    assert best_of([fast], SEARCH) is None


def test_a_candidate_that_never_reaches_the_target_is_no_best() -> None:
    missing = candidate([], [0.95, 0.95], missed=(3.0, 3.0))
    assert missing.seconds == math.inf
    assert not missing.meets(SEARCH)
    assert hopeless(missing, [GOOD], SEARCH) is None


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (candidate([1.0], [0.90]), "the mean accuracy is less than 94 %"),
        (candidate([1.0], [0.938]), None),  # 0.2 points are one standard deviation
        (candidate([2.0], [0.95]), "it is slower than the best candidate, which takes 1 s"),
        (candidate([1.03], [0.95]), None),
        (candidate([0.5], [0.95]), None),
    ],
)
def test_a_candidate_is_hopeless_only_beyond_the_noise(one: Candidate, why: str | None) -> None:
    assert hopeless(one, [GOOD, GOOD], SEARCH) == why


def test_nothing_is_hopeless_before_the_noise_is_known() -> None:
    assert hopeless(candidate([9.0], [0.1]), [], SEARCH) is None


def test_an_unfinished_candidate_is_no_yardstick() -> None:
    lucky = candidate([0.1], [0.95])
    assert hopeless(GOOD, [lucky, GOOD], SEARCH) is None


def test_few_candidates_as_good_as_required_are_dropped() -> None:
    """At the limit of the constraint, 2.5 % of the looks at a candidate may drop it."""
    random = np.random.default_rng(1)
    dropped = 0
    for _ in range(300):
        others = [candidate([1.0] * 3, list(random.normal(0.95, 0.002, 3))) for _ in range(5)]
        one = candidate([1.0], list(random.normal(0.94, 0.002, 1)))
        dropped += hopeless(one, others, SEARCH) is not None
    assert 1 <= dropped <= 18
