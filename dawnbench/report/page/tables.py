"""A table as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and how it reads."""

    title: str
    numeric: bool = False
    """Set to the right, and sorted by `Cell.value`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table."""

    text: str
    value: float | None = None
    """What a numeric column is sorted by; None comes last either way."""
    link: str | None = None
    """A relative URL that the text leads to."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False
    """Whether a reader with JavaScript may sort it by each column."""
    marked: int | None = None
    """The row, counted from 0, that stands out."""


def texts(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a plain table: the first column words, the others figures."""
    columns = [Column(title, numeric=i > 0) for i, title in enumerate(header)]
    return Table(caption, columns, [[Cell(text) for text in row] for row in rows])
