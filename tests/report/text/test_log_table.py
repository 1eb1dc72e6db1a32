from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.records.schema import EpochRecord
from dawnbench.report.text.log_table import (
    COLUMNS,
    TimeFormat,
    cells,
    column_widths,
    format_time,
    log_table,
    markdown_row,
)


def epoch(**changes: Any) -> EpochRecord:
    fields: dict[str, Any] = {
        "trial": 1,
        "epoch": 1,
        "learning_rate": 0.000507,
        "train_seconds": 29.0,
        "evaluate_seconds": 2.0,
        "train_loss": 1.6265,
        "train_correct": 22039,
        "train_images": 50_000,
        "validation_loss": 1.5239,
        "validation_correct": 4995,
        "validation_images": 10_000,
    }
    return EpochRecord(**(fields | changes))


LAST = epoch(
    epoch=24,
    learning_rate=0.002646,
    train_seconds=30.0,
    train_loss=0.390306,
    train_correct=43247,
    validation_loss=0.315365,
    validation_correct=8928,
)

PUBLISHED = """\
| Epoch | LR       | Time    | TrainLoss | TrainCorrect | TrainAcc | ValLoss  | ValCorrect | ValAcc |
| ----- | -------- | ------- | --------- | ------------ | -------- | -------- | ---------- | ------ |
| 1     | 0.000507 | 00m 29s | 1.6265    | 22039        | 44.08 %  | 1.523900 | 4995       | 49.95% |
| 24    | 0.002646 | 00m 30s | 0.390306  | 43247        | 86.49 %  | 0.315365 | 8928       | 89.28% |"""


def test_the_table_is_the_published_one_byte_for_byte() -> None:
    assert log_table([epoch(), LAST], "seconds") == PUBLISHED


def test_without_epochs_the_head_of_the_table_remains() -> None:
    assert log_table([], "seconds") == "\n".join(PUBLISHED.splitlines()[:2])


def test_a_longer_cell_widens_its_column_in_every_line() -> None:
    lines = log_table([epoch(train_seconds=1.284), LAST]).splitlines()
    assert "| 00m 01.284s |" in lines[2]
    assert "| Time        |" in lines[0]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("seconds", "milliseconds_style", "seconds_style"),
    [
        (0.0, "00m 00.000s", "00m 00s"),
        (0.0004, "00m 00.000s", "00m 00s"),
        (1.284, "00m 01.284s", "00m 01s"),
        (9.9996, "00m 10.000s", "00m 10s"),
        (29.0, "00m 29.000s", "00m 29s"),
        (59.9994, "00m 59.999s", "01m 00s"),
        (59.9996, "01m 00s", "01m 00s"),
        (60.0, "01m 00s", "01m 00s"),
        (61.0, "01m 01s", "01m 01s"),
        (119.7, "02m 00s", "02m 00s"),
        (3599.9, "60m 00s", "60m 00s"),
        (7265.0, "121m 05s", "121m 05s"),
    ],
)
def test_times_are_written_like_this(seconds: float, milliseconds_style: str, seconds_style: str) -> None:
    assert format_time(seconds, "milliseconds") == milliseconds_style
    assert format_time(seconds, "seconds") == seconds_style


@given(st.floats(0, 10**6), st.sampled_from(["milliseconds", "seconds"]))
def test_a_time_reads_back_as_what_it_was(seconds: float, style: TimeFormat) -> None:
    minutes, rest = format_time(seconds, style).removesuffix("s").split("m ")
    assert 0 <= float(rest) < 60
    precise = style == "milliseconds" and seconds < 59.9
    assert int(minutes) * 60 + float(rest) == pytest.approx(seconds, abs=0.000501 if precise else 0.501)


@pytest.mark.parametrize(
    ("loss", "train", "validation"),
    [
        (None, "nan", "nan"),
        (2.0, "2.0", "2.000000"),
        (0.5, "0.5", "0.500000"),
        (0.0000001, "0.0", "0.000000"),
        (12.3456789, "12.345679", "12.345679"),
    ],
)
def test_the_train_loss_drops_final_zeros_and_the_validation_loss_keeps_them(
    loss: float | None, train: str, validation: str
) -> None:
    row = cells(epoch(train_loss=loss, validation_loss=loss), "seconds")
    assert (row[3], row[6]) == (train, validation)


def test_only_the_published_table_writes_its_percent_signs_differently() -> None:
    published, uniform = cells(epoch(), "seconds"), cells(epoch(), "seconds", uniform=True)
    assert (published[5][-2:], published[8][-1:], " " in published[8]) == (" %", "%", False)
    assert uniform == (*published[:8], published[8].replace("%", " %"))


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_reads_the_same_on_the_screen_as_from_the_records(loss: float) -> None:
    """The screen gets the record as it is; the run folder holds None in its place."""
    live = cells(epoch(train_loss=loss, validation_loss=loss), "seconds")
    stored = cells(epoch(train_loss=None, validation_loss=None), "seconds")
    assert live == stored
    assert (live[3], live[6]) == ("nan", "nan")


@given(
    st.lists(
        st.builds(
            epoch,
            epoch=st.integers(1, 10**9),
            learning_rate=st.none() | st.floats(-1e3, 1e3),
            train_seconds=st.none() | st.floats(0, 1e4),
            train_loss=st.none() | st.floats(0, 1e9),
        )
    ),
    st.sampled_from(["milliseconds", "seconds"]),
)
def test_every_column_is_as_published_or_as_wide_as_its_longest_cell(
    epochs: list[EpochRecord], style: TimeFormat
) -> None:
    rows = [cells(one, style) for one in epochs]
    widths = column_widths(rows)
    head = [markdown_row(COLUMNS, widths), markdown_row(["-" * width for width in widths], widths)]
    assert log_table(epochs, style).splitlines() == [*head, *(markdown_row(row, widths) for row in rows)]
