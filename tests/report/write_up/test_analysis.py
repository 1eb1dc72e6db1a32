from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dawnbench.report.write_up.analysis import findings
from dawnbench.stats.write_up_results import results
from tests.report.write_up.models import RISING, model_run

TARGET = 0.993


@pytest.fixture
def said(tmp_path: Path) -> Said:
    return Said(tmp_path)


class Said:
    """What is found of a run with these accuracies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *trials: Sequence[float], train: Sequence[float] | None = None) -> list[str]:
        found = results(model_run(self._folder / "run", *trials, train=train))
        assert found is not None
        return findings(found, TARGET)


def test_the_gap_is_told_from_its_first_to_its_last(said: Said) -> None:
    gap = said([0.90, 0.95, 0.96], train=[0.85, 0.99, 0.99])[0]
    assert gap == (
        "The gap of training minus test accuracy was -5.00 points after epoch 1, at its greatest +4.00 after "
        "epoch 2 and +3.00 after the last: training is ahead by more than chance explains (1.39 points with "
        "so many images), which says overfitting."
    )


def test_the_gap_is_given_for_each_epoch(said: Said) -> None:
    course = "The gap by epoch, in points: -5.00, +4.00, +3.00."
    assert said([0.90, 0.95, 0.96], train=[0.85, 0.99, 0.99])[1] == course


def test_a_gap_that_grows_to_the_end_is_told_once(said: Said) -> None:
    assert (
        "+0.00 points after epoch 1 and at its greatest after the last, +5.00:"
        in said([0.90, 0.93], train=[0.9, 0.98])[0]
    )


def test_a_gap_that_falls_from_the_first_is_told_once(said: Said) -> None:
    assert (
        "was greatest after epoch 1, +5.00 points, and +1.00 after the last:"
        in said([0.90, 0.93], train=[0.95, 0.94])[0]
    )


def test_a_single_epoch_has_one_gap(said: Said) -> None:
    assert "was -4.00 points after the only epoch: training is behind" in said([0.99], train=[0.95])[0]


def test_training_that_is_behind_does_not_overfit(said: Said) -> None:
    gap = said([0.99] * 2, train=[0.9] * 2)[0]
    assert "which says underfitting, or that training images are made harder than test images" in gap
    assert gap.endswith("but not overfitting.")


def test_a_small_gap_says_nothing(said: Said) -> None:
    assert said(RISING)[0].endswith("so neither over- nor underfitting shows in it.")


def test_both_splits_below_the_target_say_underfitting(said: Said) -> None:
    assert said([0.5, 0.6], train=[0.5, 0.7])[-1] == (
        "Training and test accuracy both ended below the target, at 70.00 % and 60.00 %, which says "
        "underfitting, or too short a training."
    )


def test_a_model_at_its_target_does_not_underfit(said: Said) -> None:
    assert "underfitting, or too short" not in " ".join(said(RISING))


def test_a_single_trial_is_not_numbered(said: Said) -> None:
    _, _, reached, sticks = said(RISING)
    assert reached == "99.3 % was first reached in epoch 5 of 7."
    assert sticks == (
        "The accuracy sticks: it is at or above the target in all 3 epochs from there to the end."
    )


@pytest.mark.parametrize(
    ("accuracies", "sentence"),
    [
        (
            [0.9, 0.994],
            "The accuracy reached the target only in the last epoch, which does not show whether it ",
        ),
        (
            [0.994, 0.9, *[0.994] * 5],
            "falls below the target again (1 time), but sticks to it in each of the last 5",
        ),
        ([0.994, 0.9, 0.994, 0.9], "The accuracy does not stick: it falls below the target again (2 times)."),
    ],
)
def test_what_does_not_hold_throughout_is_told(accuracies: list[float], sentence: str, said: Said) -> None:
    course = len(accuracies) > 2  # told between the gap and the rest
    assert sentence in said(accuracies)[2 + course]


def test_a_target_that_was_missed_is_told_with_the_best_epoch(said: Said) -> None:
    assert said([0.9, 0.98, 0.97])[2] == (
        "99.3 % was not reached in 3 epochs; the best one, epoch 2, had 98.00 %."
    )


def test_the_best_epoch_of_several_trials_has_its_trial(said: Said) -> None:
    assert "the best one, epoch 1 of trial 2, had 98.00 %." in said([0.9, 0.97], [0.98, 0.97])[1]


def test_several_trials_are_told_by_how_they_stand(said: Said) -> None:
    never = [0.9] * 7
    falls = [0.994, 0.9, 0.994, 0.9, 0.9, 0.9, 0.9]
    _, _, reached, sticks, *_ = said(RISING, never, falls, RISING)
    assert reached == "Epochs to 99.3 %: 5 (trial 1), never (trial 2), 1 (trial 3), 5 (trial 4)."
    assert sticks == (
        "In trials 1 and 4 the accuracy sticks: it is at or above the target in all 3 epochs from there to "
        "the end; in trial 3 the accuracy does not stick: it falls below the target again (2 times)."
    )


def test_counts_that_differ_between_trials_are_a_range(said: Said) -> None:
    assert "in all 3 to 7 epochs from there" in said(RISING, [0.994] * 7)[3]
