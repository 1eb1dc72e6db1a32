"""The log table: one row an epoch, in the columns of the published DavidNet log."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import isfinite, nan
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
_TIME = COLUMNS.index("Time")
_CONVERSIONS = ("%d", "%.6f", "%s", "%s", "%d", "%s", "%.6f", "%d", "%s")
"""How `%` writes a row's figures, all at once: cell by cell, 100,000 rows take half as long again."""


def format_time(seconds: float | None, style: TimeFormat) -> str:
    """Return `00m 29s`, or `00m 01.284s` for a time under a minute where milliseconds are wanted.

    A dash stands for no time.
    """
    if seconds is None:
        return "-"
    milliseconds = round(seconds * 1000)
    if style == "milliseconds" and milliseconds < 60_000:
        return _under_a_minute(milliseconds)
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:02d}m {rest:02d}s"


@cache  # the epochs of a run take about the same time
def _under_a_minute(milliseconds: int) -> str:
    return f"00m {milliseconds / 1000:06.3f}s"


def _loss(loss: float | None) -> float:
    return nan if loss is None or not isfinite(loss) else loss


def cells(epoch: EpochRecord, style: TimeFormat, *, uniform: bool = False) -> tuple[str, ...]:
    """Return the nine cells of an epoch's row.

    The published table writes `48.75 %` for training and `14.82%` for validation; `uniform` writes both in
    the first form.
    """
    figures = _figures(epoch, style)
    row = tuple(conversion % figure for conversion, figure in zip(_CONVERSIONS, figures, strict=True))
    return (*row[:-1], row[-1].replace("%", " %")) if uniform else row


def _figures(epoch: EpochRecord, style: TimeFormat) -> tuple[float | str, ...]:
    """Return what `_CONVERSIONS` turn into the nine cells."""
    train_loss = f"{_loss(epoch.train_loss):.6f}".rstrip("0")
    return (
        epoch.epoch,
        _loss(epoch.learning_rate),
        format_time(epoch.train_seconds, style),
        f"{train_loss}0" if train_loss.endswith(".") else train_loss,
        epoch.train_correct,
        f"{100 * epoch.train_correct / epoch.train_images:.2f} %",
        _loss(epoch.validation_loss),
        epoch.validation_correct,
        f"{100 * (epoch.validation_correct / epoch.validation_images):.2f}%",
    )


def markdown_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of a markdown table."""
    return _template(widths, ["%s"] * len(widths)) % tuple(cells)


def _template(widths: Sequence[int], conversions: Sequence[str]) -> str:
    columns = (f"%-{width}{conversion[1:]}" for width, conversion in zip(widths, conversions, strict=True))
    return f"| {' | '.join(columns)} |"


def log_table(epochs: Sequence[EpochRecord], style: TimeFormat = "milliseconds") -> str:
    """Return the markdown table, a line an epoch, without a final newline."""
    widths = list(MIN_WIDTHS)
    if epochs:
        # In most tables the times are of one length, and no other cell is longer than a published one.
        widths[_TIME] = max(widths[_TIME], len(format_time(epochs[0].train_seconds, style)))
    lines = _lines(epochs, style, widths)
    if len(set(map(len, lines))) > 1:
        lines = _lines(epochs, style, column_widths([cells(epoch, style) for epoch in epochs]))
    return "\n".join(lines)


def _lines(epochs: Sequence[EpochRecord], style: TimeFormat, widths: Sequence[int]) -> list[str]:
    template, *head = _frame(tuple(widths))
    return [*head, *[template % _figures(epoch, style) for epoch in epochs]]


@cache
def _frame(widths: tuple[int, ...]) -> tuple[str, str, str]:
    """Return the template of a row, and the two lines above the rows."""
    rule = ["-" * width for width in widths]
    return _template(widths, _CONVERSIONS), markdown_row(COLUMNS, widths), markdown_row(rule, widths)


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the published widths, or what the longest cell takes."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(MIN_WIDTHS)
    return [max(least, *map(len, column), 0) for least, column in zip(MIN_WIDTHS, columns, strict=True)]
