from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.stats.write_up_results import results, typical_trial
from tests.report.write_up.models import RISING, finished, model_run


def test_trials_that_finished_count(tmp_path: Path) -> None:
    ended = [finished(1), finished(2, status="diverged", reason="the training loss was nan")]
    found = results(model_run(tmp_path / "a", RISING, [0.1, 0.1], RISING, ended=ended))
    assert found is not None
    assert [one.trial for one in found.courses] == [1]
    assert found.whole
    assert [(one.trial, one.status) for one in found.left_out] == [(2, "diverged"), (3, "broken off")]
    assert found.over(lambda one: one.best_validation).mean == 0.995


def test_if_no_trial_finished_those_that_started_count(tmp_path: Path) -> None:
    found = results(model_run(tmp_path / "a", RISING[:3], ended=[finished(1, status="interrupted")]))
    assert found is not None
    assert not found.whole
    assert [one.epochs for one in found.courses] == [3]
    assert [one.status for one in found.left_out] == ["interrupted"]


def test_a_trial_without_an_epoch_is_left_out(tmp_path: Path) -> None:
    found = results(
        model_run(tmp_path / "a", RISING, ended=[finished(1), finished(2, status="diverged", reason="nan")])
    )
    assert found is not None
    assert [one.trial for one in found.left_out] == [2]


def test_a_run_without_epochs_has_none(tmp_path: Path) -> None:
    assert results(model_run(tmp_path / "a", (), ended=[finished(1, status="diverged")])) is None


@pytest.mark.parametrize(
    ("train", "validation", "underfits"),
    [(0.98, 0.98, True), (0.98, 0.995, False), (0.995, 0.98, False), (0.995, 0.995, False)],
)
def test_a_model_underfits_if_neither_split_reaches_the_target(
    train: float, validation: float, underfits: bool, tmp_path: Path
) -> None:
    found = results(model_run(tmp_path / "a", [validation], train=[train]))
    assert found is not None
    assert found.underfits == underfits


def test_the_median_of_the_trials_that_count_represents_a_run(tmp_path: Path) -> None:
    ended = [finished(1), finished(2), finished(3), finished(4, status="diverged")]
    run = model_run(tmp_path / "a", *[RISING] * 4, ended=ended)
    assert typical_trial(run, "dawnbench") == 2
    assert typical_trial(model_run(tmp_path / "b", *[RISING] * 2, ended=ended[:2]), "strict") == 2


def test_without_records_the_first_trial_represents_a_run(tmp_path: Path) -> None:
    assert typical_trial(model_run(tmp_path / "a", RISING, RISING, ended=[]), "dawnbench") == 1
    assert typical_trial(model_run(tmp_path / "b", (), ended=[finished(1)]), "dawnbench") is None
