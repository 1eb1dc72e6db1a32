"""The log table: one row an epoch, in the columns of the published DavidNet log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from dawnbench.records.schema import EpochRecord

TimeFormat = Literal["milliseconds", "seconds"]

COLUMNS = (
    "Epoch",
    "LR",
    "Time",
    "TrainLoss",
    "TrainCorrect",
    "TrainAcc",
    "ValLoss",
    "ValCorrect",
    "ValAcc",
)
MIN_WIDTHS = (5, 8, 7, 9, 12, 8, 8, 10, 6)
"""Of the published table; a longer cell widens its column."""


def format_time(seconds: float | None, style: TimeFormat) -> str:
    """Return `00m 29s`, or `00m 01.284s` for a time under a minute where milliseconds are wanted.

    A dash stands for no time.
    """
    if seconds is None:
        return "-"
    milliseconds = round(seconds * 1000)
    if style == "milliseconds" and milliseconds < 60_000:
        return f"00m {milliseconds / 1000:06.3f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:02d}m {rest:02d}s"


def _loss(loss: float | None) -> str:
    return "nan" if loss is None or not math.isfinite(loss) else f"{loss:.6f}"


def _short_loss(loss: float | None) -> str:
    text = _loss(loss).rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def cells(epoch: EpochRecord, style: TimeFormat) -> tuple[str, ...]:
    """Return the nine cells of an epoch's row."""
    return (
        str(epoch.epoch),
        _loss(epoch.learning_rate),
        format_time(epoch.train_seconds, style),
        _short_loss(epoch.train_loss),
        str(epoch.train_correct),
        f"{100 * epoch.train_correct / epoch.train_images:.2f} %",
        _loss(epoch.validation_loss),
        str(epoch.validation_correct),
        f"{100 * epoch.validation_accuracy:.2f}%",
    )


def markdown_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of a markdown table."""
    return _template(widths) % tuple(cells)


def _template(widths: Sequence[int]) -> str:
    return f"| {' | '.join(f'%-{width}s' for width in widths)} |"


def log_table(epochs: Sequence[EpochRecord], style: TimeFormat = "milliseconds") -> str:
    """Return the markdown table, a line an epoch, without a final newline."""
    rows = [cells(epoch, style) for epoch in epochs]
    widths = column_widths(rows)
    template = _template(widths)
    return "\n".join([template % row for row in [COLUMNS, tuple("-" * width for width in widths), *rows]])


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the published widths, or what the longest cell takes."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(MIN_WIDTHS)
    return [max(least, *map(len, column), 0) for least, column in zip(MIN_WIDTHS, columns, strict=True)]
