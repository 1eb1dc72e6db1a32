"""The leaderboards of a site's index page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from dawnbench.report.page import Cell
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.series_history import SeriesHistory
from dawnbench.report.site.site_folder import run_page
from dawnbench.safe_text import html
from dawnbench.stats.entries import SeriesKey
from dawnbench.stats.leaderboard import Board, Row

COLUMNS = (
    *("Recipe", "Device", "Rule", "#Place", "#Time [s], 95 % interval", "#Reached", "#Accuracy", "Claim"),
    "Run (UTC)",
)
NOTE = (
    "Each row is the newest run of its series that has an interval, not the best, which is partly luck. "
    "Time is the expected time to the target, with misses counted. Under rules that do not stop at the "
    "target it is the time of a whole trial, and a row whose accuracy claim fails has no place. The claim is "
    "that the mean final accuracy is at least the target (one-sided t-test at 0.05)."
)


def filters(boards: Sequence[Board], series: Mapping[SeriesKey, SeriesHistory], rule: str) -> Markup:
    """Return the filters above the boards, with `rule` selected.

    Without JavaScript they are hidden, and every row is shown.
    """
    rows = [row for board in boards for row in board.rows]
    rules = list(dict.fromkeys(row.time.rule for row in rows))
    selects = (
        _select("Recipe", sorted({series[row.key].label for row in rows})),
        _select("Device", sorted({_device(row) for row in rows})),
        _select("Rule", rules, rule if rule in rules else ""),
    )
    return Markup(
        '<form class="filters scripted" aria-label="Rows of the leaderboards">\n{}'
        '<button type="button">All rows</button>\n<p role="status"></p>\n</form>\n'
    ).format(Markup("").join(selects))


def board_section(board: Board, series: Mapping[SeriesKey, SeriesHistory], number: int) -> Markup:
    """Return the board with that number on the page; number 1 explains what the columns mean."""
    title = f"{board.data} to {100 * board.target:g} %"
    rows = [_cells(row, series[row.key]) for row in board.rows]
    data = f"Data fingerprint {board.fingerprint[:16]}. Runs on other pixels are on a board of their own."
    return layout.section(
        f"board-{number}",
        title,
        layout.paragraph(data, "note"),
        layout.table(f"Leaderboard: {title}", COLUMNS, rows),
        *([layout.paragraph(NOTE, "note")] if number == 1 else []),
        kind="board",
    )


def _select(column: str, values: Iterable[str], selected: str = "") -> Markup:
    option = Markup('<option value="{}">{}</option>\n')
    options = Markup("").join(option.format(html(value), html(value)) for value in values)
    return Markup(
        '<label>{} <select data-column="{}" data-first="{}">\n'
        '<option value="">all</option>\n{}</select></label>\n'
    ).format(column, column, html(selected), options)


def _cells(row: Row, history: SeriesHistory) -> list[Cell]:
    return [
        Cell(history.label, link=history.page),
        Cell(_device(row)),
        Cell(row.time.rule),
        Cell("-" if row.place is None else str(row.place), row.place),
        layout.interval_cell(row.time),
        *layout.run_cells(row.entry),
        Cell(layout.minute(row.entry.created), link=run_page(row.entry.name)),
    ]


def _device(row: Row) -> str:
    return f"{row.key.device_name}, {row.key.precision}"
