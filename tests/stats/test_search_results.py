"""What a search has found, and how much of the order of its candidates is chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.stats.search_results import search_results
from tests.campaigns.matrix.pretended import Came
from tests.stats.searches import campaign, searched

pytest.importorskip("optuna")


def spread(seed: int) -> float:
    return 0.01 * (seed - 1)


def test_candidates_are_ranked_by_the_constraint_and_then_by_time(tmp_path: Path) -> None:
    def trial(momentum: float, seed: int) -> Came:
        return Came(2 - momentum + spread(seed), 0.95 if momentum < 0.8 else 0.9)

    found = searched(tmp_path, [0.6, 0.85, 0.7, 0.5], trial)
    order = [found.values(one)["optimizer.momentum"] for one in found.ranked]
    assert order == [0.7, 0.6, 0.5, 0.85]
    assert found.best is found.ranked[0]
    assert found.as_fast == []


def test_candidates_within_the_noise_of_the_best_are_named(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    found = searched(tmp_path, [0.5, 0.6, 0.7, 0.8], lambda _m, _s: Came(random.normal(2, 0.05)))
    assert len(found.as_fast) == 3
    assert found.luck == pytest.approx(1.03 * 0.025 / 3**0.5, rel=0.7)


def test_chance_alone_makes_the_best_look_as_much_faster_as_is_said(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    gains, said = [], []
    for number in range(6):
        found = searched(
            tmp_path / str(number),
            list(np.linspace(0.5, 0.9, 12)),
            lambda _m, _s: Came(random.normal(2, 0.1)),
        )
        assert found.best is not None
        gains.append(1 - found.best.seconds / 2)
        said.append(found.luck or 0.0)
    assert np.mean(said) == pytest.approx(np.mean(gains), rel=0.25)


def test_the_setting_that_matters_is_the_important_one(tmp_path: Path) -> None:
    momenta = list(np.round(np.random.default_rng(2).uniform(0.5, 0.9, 24), 3))
    found = searched(tmp_path, momenta, lambda m, s: Came(3 - 2 * m + spread(s), 0.94 + m / 100))
    assert next(iter(found.time_importances)) == "optimizer.momentum"
    assert found.time_importances["optimizer.momentum"] > 0.6
    assert found.accuracy_importances["optimizer.momentum"] > 0.6
    assert sum(found.time_importances.values()) == pytest.approx(1)


def test_few_candidates_say_nothing_about_what_matters(tmp_path: Path) -> None:
    found = searched(tmp_path, [0.5, 0.6], lambda m, s: Came(3 - m))
    assert found.time_importances == found.accuracy_importances == {}


def test_a_candidate_without_all_of_its_trials_is_not_the_best(tmp_path: Path) -> None:
    found = searched(tmp_path, [0.5, 0.6], lambda m, s: Came(3 - m), seeds=2)
    assert found.best is None
    assert found.luck is None


def test_a_run_folder_that_is_gone_is_a_warning(tmp_path: Path) -> None:
    made = campaign(tmp_path, [0.5, 0.6], lambda m, s: Came(3 - m))
    first = made.run_folder(made.attempts[0])
    assert first is not None
    (first / "run.json").unlink()
    found = search_results(made)
    assert len(found.candidates) == 1
    assert any(first.name in warning for warning in found.warnings)


def test_another_campaign_has_no_candidates(tmp_path: Path) -> None:
    made = campaign(tmp_path, [0.5], lambda m, s: Came(1.0))
    made = replace(made, record=replace(made.record, search=None))
    with pytest.raises(DawnbenchError, match="is not the folder of a search; `dawnbench"):
        search_results(made)
