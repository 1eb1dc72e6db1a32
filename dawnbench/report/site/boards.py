"""The leaderboards of a site's first page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from dawnbench.records.identity import RunIdentity
from dawnbench.report.page import Cell, Column, Table, render_table
from dawnbench.report.site import words
from dawnbench.report.site.markup import paragraph, section
from dawnbench.report.site.names import run_page
from dawnbench.report.site.timeline import Timeline
from dawnbench.safe_text import html
from dawnbench.stats.leaderboard import Board, Row

COLUMNS = (
    Column("Recipe"),
    Column("Device"),
    Column("Rule"),
    Column("Place", numeric=True),
    Column("Time [s], 95 % interval", numeric=True),
    Column("Reached", numeric=True),
    Column("Accuracy", numeric=True),
    Column("Claim"),
    Column("Run (UTC)"),
)
NOTE = (
    "A row is the newest run of its series that has an interval, not the best, which is partly luck. Time is "
    "the expected time to the target, misses counted in, or of a whole trial by the rules that do not stop "
    "there; by these a row has no place if its accuracy claim fails. The claim is that the mean final "
    "accuracy is at least the target (one-sided t-test at 0.05)."
)


def filters(boards: Sequence[Board], series: Mapping[RunIdentity, Timeline], rule: str) -> Markup:
    """Return the choices above the boards, of which a reader with JavaScript meets `rule` as chosen.

    Without JavaScript there are none, and every row is shown.
    """
    rows = [row for board in boards for row in board.rows]
    rules = list(dict.fromkeys(row.time.rule for row in rows))
    choices = (
        _choice("Recipe", sorted({series[row.entry.identity].label for row in rows})),
        _choice("Device", sorted({_device(row) for row in rows})),
        _choice("Rule", rules, rule if rule in rules else ""),
    )
    return Markup(
        '<form class="filters scripted" aria-label="Rows of the leaderboards">\n{}'
        '<button type="button">All rows</button>\n<p role="status"></p>\n</form>\n'
    ).format(Markup("").join(choices))


def _choice(column: str, values: Iterable[str], first: str = "") -> Markup:
    option = Markup('<option value="{}">{}</option>\n')
    options = Markup("").join(option.format(html(value), html(value)) for value in values)
    return Markup(
        '<label>{} <select data-column="{}" data-first="{}">\n'
        '<option value="">all</option>\n{}</select></label>\n'
    ).format(column, column, html(first), options)


def board_section(board: Board, series: Mapping[RunIdentity, Timeline], number: int) -> Markup:
    """Return the `number`th board of the page; the first one says what the figures mean."""
    title = f"{board.data} to {100 * board.target:g} %"
    return section(
        f"board-{number}",
        title,
        paragraph(
            f"Data fingerprint {board.fingerprint[:16]}; figures on other pixels have a board of their own.",
            "note",
        ),
        render_table(
            Table(
                f"Leaderboard: {title}",
                COLUMNS,
                [_cells(row, series[row.entry.identity]) for row in board.rows],
                True,
            )
        ),
        *([paragraph(NOTE, "note")] if number == 1 else []),
        kind="board",
    )


def _cells(row: Row, timeline: Timeline) -> list[Cell]:
    entry = row.entry
    return [
        Cell(timeline.label, link=timeline.page),
        Cell(_device(row)),
        Cell(row.time.rule),
        Cell("-" if row.place is None else str(row.place), row.place),
        words.with_interval(row.time),
        words.reached(entry),
        words.accuracy(entry),
        words.claim(entry),
        Cell(words.day(entry.created), link=run_page(entry.name)),
    ]


def _device(row: Row) -> str:
    return f"{row.entry.identity.device_name}, {row.entry.identity.precision}"
