"""The training log in its three views."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.report.log_table import log_table
from dawnbench.report.log_views import epoch_lines, log_view, progress_bar, progress_lines
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
MNIST = epoch(
    epoch=10,
    train_loss=0.0538,
    train_correct=59_011,
    train_images=60_000,
    validation_loss=0.0583,
    validation_correct=9813,
    validation_images=10_000,
)


def test_the_progress_view_reads_as_published() -> None:
    lines = progress_lines(CIFAR, 64, 64).splitlines()
    assert lines[0] == "Epoch: 1"
    assert lines[1].startswith(
        "Batch Id/Size: 782/50000, Training Loss: 1.86034894, Training Accuracy: 44.9400%: 100%|██████████| "
    )
    assert lines[1].endswith("| 782/782 [00:33<00:00, 23.70it/s]")
    assert lines[2] == "Batch Id/Size: 157/10000, Test Loss: 0.01796794, Test Accuracy: 59.5000%"
    assert lines[3:] == ["LR: [0.001]"]


def test_the_epochs_view_reads_as_published() -> None:
    assert epoch_lines(MNIST).splitlines() == [
        "[Epoch 10]",
        "Train set: Average loss: 0.0538, Accuracy: 59011/60000 (98.35%)",
        "Test set: Average loss: 0.0583, Accuracy: 9813/10000 (98.13%)",
    ]


def test_dawn_is_the_table_and_the_others_are_code() -> None:
    both = (CIFAR, MNIST)
    assert log_view("dawn", both, 64, 64) == log_table(both)
    for view, piece in (("progress", progress_lines(MNIST, 64, 64)), ("epochs", epoch_lines(CIFAR))):
        text = log_view(view, both, 64, 64)  # type: ignore[arg-type]
        assert text.startswith("```text\n")
        assert text.endswith("\n```")
        assert piece in text


@pytest.mark.parametrize("view", ["progress", "epochs"])
def test_a_loss_that_is_no_number_says_so(view: str) -> None:
    diverged = epoch(train_loss=None, validation_loss=None)
    assert log_view(view, (diverged,), 10, 10).lower().count("loss: nan") == 2  # type: ignore[arg-type]


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
