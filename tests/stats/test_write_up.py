from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.stats.write_up import Standing, course, gap, spread, train_accuracy
from tests.stats.courses import IMAGES, trial_of

accuracies = st.integers(0, IMAGES).map(lambda count: count / IMAGES)
courses = st.lists(st.tuples(accuracies, accuracies), min_size=1, max_size=20)


def test_best_and_last_are_distinguished() -> None:
    found = course(trial_of([0.5, 0.9, 0.9, 0.8], [0.6, 0.7, 0.95, 0.9], trial=4), 0.85)
    assert (found.trial, found.epochs) == (4, 4)
    assert (found.best_validation, found.best_epoch, found.last_validation) == (0.9, 2, 0.8)
    assert (found.best_train, found.last_train) == (0.95, 0.9)


def test_an_accuracy_equal_to_the_target_reaches_it() -> None:
    found = course(trial_of([0.89, 0.9, 0.91]), 0.9)
    assert (found.reached, found.at_target) == (2, 2)


@pytest.mark.parametrize(
    ("above", "standing", "falls"),
    [
        ("....", "never", 0),
        ("...x", "at the end", 0),
        ("x", "at the end", 0),
        ("..xx", "throughout", 0),
        ("xxxxxx", "throughout", 0),
        (".x.xxxxx", "last", 1),
        (".x.xxxx", "falls", 1),
        ("x.x.xxxxxx", "last", 2),
        ("xxxxx.", "falls", 1),
        ("x.x.x.", "falls", 3),
    ],
)
def test_the_standing_says_whether_the_target_is_held(above: str, standing: Standing, falls: int) -> None:
    found = course(trial_of([0.95 if mark == "x" else 0.9 for mark in above]), 0.94)
    assert (found.standing, found.falls) == (standing, falls)


@given(courses, accuracies)
def test_a_course_is_consistent(pairs: list[tuple[float, float]], target: float) -> None:
    validation, train = zip(*pairs, strict=True)
    found = course(trial_of(validation, train), target)
    assert found.last_validation <= found.best_validation == validation[found.best_epoch - 1]
    assert found.last_train <= found.best_train
    assert found.at_target == sum(accuracy >= target for accuracy in validation)
    assert (found.reached is None) == (found.at_target == 0) == (found.standing == "never")
    assert found.falls <= found.at_target
    assert (found.standing in ("last", "falls")) == (found.falls > 0)
    if found.reached is not None:
        assert max(validation[: found.reached - 1], default=-1.0) < target <= validation[found.reached - 1]
        if found.standing == "throughout":
            assert min(validation[found.reached - 1 :]) >= target


def test_a_slow_first_epoch_does_not_count() -> None:
    first, *rest = trial_of([0.5] * 5, train_seconds=2.0)
    slow = trial_of([0.5], train_seconds=90.0)[0]
    assert course([slow, *rest], 0.9).epoch_seconds == 2.0
    assert first.train_seconds == 2.0


def test_the_gap_is_the_mean_over_the_trials() -> None:
    found = gap([trial_of([0.5, 0.7], [0.4, 0.8]), trial_of([0.5, 0.7], [0.6, 0.9], trial=2)])
    assert found.first == pytest.approx(0.0)
    assert found.last == found.greatest == pytest.approx(0.15)
    assert found.greatest_epoch == 2


def test_the_gap_ends_with_the_shortest_trial() -> None:
    found = gap([trial_of([0.5, 0.7, 0.7], [0.5, 0.8, 1.0]), trial_of([0.5, 0.7], [0.5, 0.9], trial=2)])
    assert found.last == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("train", "validation", "lead"),
    [(0.99, 0.95, "ahead"), (0.95, 0.99, "behind"), (0.952, 0.95, "level"), (0.95, 0.952, "level")],
)
def test_a_lead_is_more_than_chance_explains(train: float, validation: float, lead: str) -> None:
    assert gap([trial_of([validation], [train])]).lead == lead


@given(courses)
def test_a_gap_is_within_the_range_of_its_epochs(pairs: list[tuple[float, float]]) -> None:
    validation, train = zip(*pairs, strict=True)
    epochs = trial_of(validation, train)
    found = gap([epochs])
    of_epochs = [train_accuracy(epoch) - epoch.validation_accuracy for epoch in epochs]
    assert found.greatest == max(of_epochs) == of_epochs[found.greatest_epoch - 1]
    assert (found.first, found.last) == (of_epochs[0], of_epochs[-1])
    worst = math.sqrt(0.5 / IMAGES)
    assert 0 <= found.standard_error <= worst + 1e-12


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_a_mean_is_between_minimum_and_maximum(figures: list[float]) -> None:
    found = spread(figures)
    assert min(figures) == found.least <= found.mean <= found.most == max(figures)
    assert found.mean == pytest.approx(sum(figures) / len(figures), abs=1e-6)
