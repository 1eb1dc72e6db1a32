"""A table as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and alignment."""

    title: str
    numeric: bool = False
    """Aligned to the right, and sorted by `Cell.value`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    value: float | None = None
    """What a numeric column is sorted by; None comes last in either direction."""
    link: str | None = None
    """A relative URL that the text leads to."""
    note: str = ""
    """Shown in small print after the text."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False
    """Whether readers with JavaScript can sort it by each column."""
    marked: int | None = None
    """The row to highlight, counted from 0."""
    folds: bool = False
    """Whether a narrow screen shows only the first two columns until the reader asks for the others."""
    notes: Sequence[str] = ()
    """Sentences below it, such as why a cell is a dash."""


def texts(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a plain table: the first column holds text, the others numbers."""
    columns = [Column(title, numeric=i > 0) for i, title in enumerate(header)]
    return Table(caption, columns, [[Cell(text) for text in row] for row in rows])
