"""The training log in its three views."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.report.text.log_table import log_table
from dawnbench.report.text.log_views import epoch_lines, log_view, progress_bar, progress_lines
from tests.records.examples import epoch

CIFAR = epoch(
    learning_rate=0.001,
    train_seconds=33.0,
    train_loss=1.86034894,
    train_correct=22470,
    train_images=50_000,
    validation_loss=0.01796794 * 10_000 / 157,
    validation_correct=5950,
    validation_images=10_000,
)
RECIPE = {
    "batch_size": 64,
    "evaluation": {"batch_size": 64},
    "schedule": {"kind": "steps", "rate": 0.001, "every": 10, "factor": 0.5},
}
MNIST = epoch(
    epoch=11,
    train_loss=0.0538,
    train_correct=59_011,
    train_images=60_000,
    validation_loss=0.0583,
    validation_correct=9813,
    validation_images=10_000,
)


def test_the_progress_view_reads_as_published() -> None:
    lines = progress_lines(CIFAR, RECIPE).splitlines()
    assert lines[0] == "Epoch: 1"
    assert lines[1].startswith(
        "Batch Id/Size: 782/50000, Training Loss: 1.86034894, Training Accuracy: 44.9400%: 100%|██████████| "
    )
    assert lines[1].endswith("| 782/782 [00:33<00:00, 23.70it/s]")
    assert lines[2] == "Batch Id/Size: 157/10000, Test Loss: 0.01796794, Test Accuracy: 59.5000%"
    assert lines[3:] == ["LR: [0.001]"]


def test_the_progress_view_shows_the_last_batchs_loss_and_the_others_the_mean() -> None:
    both = replace(CIFAR, last_batch_loss=1.25)
    assert "Training Loss: 1.25000000" in progress_lines(both, RECIPE)
    assert "Average loss: 1.8603" in epoch_lines(both)
    assert "1.860349" in log_table((both,))


def rates_shown(recipe: Mapping[str, Any]) -> list[str]:
    """Return the LR lines of twenty epochs whose true rate is halved after ten."""
    epochs = [replace(CIFAR, epoch=n, learning_rate=0.001 if n <= 10 else 0.0005) for n in range(1, 21)]
    return re.findall(r"LR: \[(.*)\]", log_view("progress", epochs, recipe))


def test_the_progress_view_prints_the_rate_as_the_published_scheduler_said_it() -> None:
    assert rates_shown(RECIPE) == ["0.001"] * 10 + ["0.00025"] + ["0.0005"] * 9


@pytest.mark.parametrize(
    "schedule", [None, {"kind": "plateau"}, {"kind": "steps", "every": 0, "factor": 0.5}, 7]
)
def test_other_schedules_rates_are_printed_as_they_are(schedule: Any) -> None:
    assert rates_shown({**RECIPE, "schedule": schedule}) == ["0.001"] * 10 + ["0.0005"] * 10


def test_the_table_and_the_lines_have_the_true_rate() -> None:
    first = replace(CIFAR, epoch=11, learning_rate=0.0005)
    assert "0.000500" in log_table((first,))


def test_the_epochs_view_reads_as_published() -> None:
    assert epoch_lines(MNIST).splitlines() == [
        "[Epoch 10]",
        "Train set: Average loss: 0.0538, Accuracy: 59011/60000 (98.35%)",
        "Test set: Average loss: 0.0583, Accuracy: 9813/10000 (98.13%)",
    ]


def test_fifteen_epochs_read_as_0_to_14() -> None:
    text = log_view("epochs", [replace(MNIST, epoch=number) for number in range(1, 16)], RECIPE)
    assert re.findall(r"\[Epoch (\d+)\]", text) == [str(number) for number in range(15)]


def test_dawn_is_the_table_and_the_others_are_code() -> None:
    both = (CIFAR, MNIST)
    assert log_view("dawn", both, RECIPE) == log_table(both)
    for view, piece in (("progress", progress_lines(MNIST, RECIPE)), ("epochs", epoch_lines(CIFAR))):
        text = log_view(view, both, RECIPE)  # type: ignore[arg-type]
        assert text.startswith("```text\n")
        assert text.endswith("\n```")
        assert piece in text


@pytest.mark.parametrize("view", ["progress", "epochs"])
def test_a_loss_that_is_no_number_says_so(view: str) -> None:
    diverged = epoch(train_loss=None, validation_loss=None)
    assert log_view(view, (diverged,), RECIPE).lower().count("loss: nan") == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.5, "[00:00<00:00, 200.00it/s]"),
        (250, "[04:10<00:00,  2.50s/it]"),
        (7325, "[2:02:05<00:00, 73.25s/it]"),
    ],
)
def test_the_bars_clock_and_rate(seconds: float, shown: str) -> None:
    assert progress_bar("x", 100, seconds).endswith(shown)


@given(st.floats(0, 1e6), st.integers(1, 10**6))
def test_any_time_makes_one_line(seconds: float, steps: int) -> None:
    assert len(progress_bar("x", steps, seconds).splitlines()) == 1
