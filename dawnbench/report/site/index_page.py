"""The index page of a site, with its leaderboards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from dawnbench.records.identity import RunIdentity
from dawnbench.report.page import Cell
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.devices_section import devices_section
from dawnbench.report.site.inference_board import inference_board
from dawnbench.report.site.planned_comparisons import Compared
from dawnbench.report.site.series_history import Level, SeriesHistory
from dawnbench.report.site.site_folder import HOME, run_page
from dawnbench.report.site.speed_up_section import speed_up_section
from dawnbench.report.units import time_unit
from dawnbench.safe_text import html
from dawnbench.stats.leaderboard import Board, Row, leaderboard

BOARD_COLUMNS = (
    *("Recipe", "#Mean time [s], 95 % interval", "#Place", "Device", "Rule", "#Reached", "#Accuracy"),
    *("Claim", "Run (UTC)"),
)
BOARD_NOTE = (
    "Each row is the newest run of its series that has an interval, not the best, which is partly luck. "
    "Time is the mean time to the target over the trials, with misses counted, and the interval is that of "
    "the mean. Under rules that do not stop at the target it is the time of a whole trial, and a row whose "
    "accuracy claim fails has no place. The claim is that the mean final accuracy is at least the target "
    "(one-sided t-test at 0.05)."
)
MAX_STEPS = 20
"""Step changes on the index page; the pages of the series show all of them."""
MAX_TROUBLES = 5
"""Sentences shown above the leaderboards; if there are more, they are folded away."""


def render_index(
    histories: Sequence[SeriesHistory], compared: Sequence[Compared], troubles: Sequence[str], rule: str
) -> str:
    """Return the HTML document with the leaderboards, recent step changes and links to the other pages.

    `troubles` says what cannot be read or compared, one sentence each; `rule` is the timing rule for step
    changes and verdicts.
    """
    every = leaderboard({history.key: history.runs for history in histories})
    boards = [board for board in every if board.kind == "training"]
    of_inference = [board for board in every if board.kind == "inference"]
    by_key = {history.key: history for history in histories}
    body = [
        layout.hero(
            "dawnbench", HOME, layout.headline(_summary(histories)), layout.tiles(_tiles(histories, rule))
        ),
        _troubles(troubles),
        *([_filters(boards, by_key, rule)] if boards else []),
        *(_board(board, by_key, number) for number, board in enumerate(boards, start=1)),
        *(
            inference_board(board, by_key, _device, number)
            for number, board in enumerate(of_inference, start=1)
        ),
        devices_section(every, by_key, rule, _device),
        speed_up_section(compared),
        layout.section("news", "Step changes", *_steps(histories, rule)),
        layout.section("pairs", "Compared in pairs", _pairs_table(compared)),
        layout.section("series", "All series", _series_table(histories, rule)),
    ]
    return layout.site_page(HOME, body, up="")


def _summary(histories: Sequence[SeriesHistory]) -> str:
    runs = [run for history in histories for run in history.runs]
    if not runs:
        return "No runs yet. Record one with `dawnbench run`, then call `dawnbench site` again."
    trials = sum(run.trials for run in runs)
    counted = f"{layout.count(len(runs), 'run')} with {layout.count(trials, 'trial')}"
    first, last = min(run.created for run in runs), max(run.created for run in runs)
    return f"{counted} in {len(histories):,} series, from {first[:10]} to {last[:10]}."


def _tiles(histories: Sequence[SeriesHistory], rule: str) -> list[tuple[str, str, str]]:
    runs = [run for history in histories for run in history.runs]
    steps = sum(len(history.steps(rule)) for history in histories)
    return [
        ("Runs", f"{len(runs):,}", f"in {len(histories):,} series"),
        ("Recipes", f"{len({run.identity.recipe_digest for run in runs}):,}", "told apart by their digests"),
        ("Devices", f"{len({history.key.device_name for history in histories}):,}", ""),
        ("Step changes", f"{steps:,}", f"under the {_rules(histories, rule)}"),
    ]


def _troubles(troubles: Sequence[str]) -> Markup:
    listed = layout.bullets(troubles)
    if len(troubles) > MAX_TROUBLES:
        listed = Markup("<details>\n<summary>Which, and why</summary>\n{}</details>\n").format(listed)
    return layout.section("troubles", "What could not be read or compared", listed, kind="doubts")


def _filters(boards: Sequence[Board], series: Mapping[RunIdentity, SeriesHistory], rule: str) -> Markup:
    """Return the filters above the boards, with `rule` selected.

    Without JavaScript they are hidden, and every row is shown.
    """
    rows = [row for board in boards for row in board.rows]
    rules = list(dict.fromkeys(row.time.rule for row in rows))
    selects = (
        _select("Recipe", sorted({series[row.entry.identity].label for row in rows})),
        _select("Device", sorted({_device(row) for row in rows})),
        _select("Rule", rules, rule if rule in rules else ""),
    )
    return Markup(
        '<form class="filters scripted" aria-label="Rows of the leaderboards">\n{}'
        '<button type="button">All rows</button>\n<p role="status"></p>\n</form>\n'
    ).format(Markup("").join(selects))


def _board(board: Board, series: Mapping[RunIdentity, SeriesHistory], number: int) -> Markup:
    """Return the board with that number on the page; number 1 explains what the columns mean."""
    title = f"{board.data} to {100 * board.target:g} %"
    spent = [row.time.spent for row in board.rows]
    money = layout.spending_columns(spent)
    notes = layout.spending_notes(spent, money)
    rows = [_cells(row, series[row.entry.identity], money) for row in board.rows]
    before_reached = BOARD_COLUMNS.index("#Reached")
    columns = (*BOARD_COLUMNS[:before_reached], *money, *BOARD_COLUMNS[before_reached:])
    data = f"Data fingerprint {board.fingerprint[:16]}. Runs on other pixels are on a board of their own."
    return layout.section(
        f"board-{number}",
        title,
        layout.paragraph(data, "note"),
        layout.table(f"Leaderboard: {title}", columns, rows, folds=True),
        *([layout.paragraph(BOARD_NOTE, "note")] if number == 1 else []),
        *([layout.paragraph(" ".join(notes), "note")] if notes else []),
        kind="board",
    )


def _select(column: str, values: Iterable[str], selected: str = "") -> Markup:
    option = Markup('<option value="{}">{}</option>\n')
    options = Markup("").join(option.format(html(value), html(value)) for value in values)
    return Markup(
        '<label>{} <select data-column="{}" data-first="{}">\n'
        '<option value="">all</option>\n{}</select></label>\n'
    ).format(column, column, html(selected), options)


def _cells(row: Row, history: SeriesHistory, money: Sequence[str]) -> list[Cell]:
    return [
        Cell(history.label, link=history.page),
        layout.interval_cell(row.time),
        Cell("-" if row.place is None else str(row.place), row.place),
        Cell(_device(row)),
        Cell(row.time.rule),
        *layout.spending_cells(row.time.spent, money),
        *layout.run_cells(row.entry),
        layout.run_link(row.entry),
    ]


def _device(row: Row) -> str:
    return f"{row.entry.identity.hardware}, {row.entry.identity.conditions}"


def _steps(histories: Sequence[SeriesHistory], rule: str) -> list[Markup]:
    found = [(history, level) for history in histories for level in history.steps(rule)]
    if not found:
        return [layout.paragraph(f"None found under the {_rules(histories, rule)}.")]
    found.sort(key=lambda step: (step[1].runs[0].created, step[1].runs[0].name), reverse=True)
    columns = ("Series", "First run of the new level", "#Before", "#After", "#Change", "#Runs since")
    rows = [_step_row(history, level, rule) for history, level in found[:MAX_STEPS]]
    table = layout.table(f"The newest first, under the {_rules(histories, rule)}", columns, rows)
    more = len(found) - MAX_STEPS
    older = f"{more:,} older ones are on the pages of their series."
    return [table, layout.paragraph(older, "note")] if more > 0 else [table]


def _rules(histories: Sequence[SeriesHistory], rule: str) -> str:
    """Return by which rule step changes are found; series of training and of inference differ in it."""
    rules = list(dict.fromkeys(sorted(history.rule(rule) for history in histories))) or [rule]
    return f"{' and '.join(rules)} {'rule' if len(rules) == 1 else 'rules'}"


def _step_time(seconds: float, rule: str) -> Cell:
    """Return a time with its unit, which a series of inference runs has another of than one of trainings."""
    unit = time_unit(rule)
    return Cell(f"{unit.number(seconds)} {unit.name}", seconds)


def _step_row(history: SeriesHistory, level: Level, rule: str) -> list[Cell]:
    step, first = level.step, level.runs[0]
    assert step is not None
    return [
        Cell(history.title, link=history.page),
        layout.run_link(first),
        *(_step_time(seconds, history.rule(rule)) for seconds in (step.before, step.after)),
        Cell(layout.change(1 + step.change), step.change),
        Cell(str(step.runs[1]), step.runs[1]),
    ]


def _pairs_table(compared: Sequence[Compared]) -> Markup:
    pairs = [pair for pair in compared if pair[0].kind == "pair"]
    newest = sorted(pairs, key=lambda pair: (pair[0].other.created, pair[0].other.name), reverse=True)
    rows = [
        [
            *(
                Cell(f"{run.identity.recipe}: {run.name}", link=run_page(run.name))
                for run in (one.other, one.reference)
            ),
            layout.verdict_cell(finding.word, finding.ratio, one.page),
            Cell(layout.minute(one.other.created)),
        ]
        for one, finding in newest
    ]
    columns = ("B", "A", "B compared with A", "Started (UTC)")
    return layout.table("The two sides of each dawnbench ab, the newest first", columns, rows)


def _series_table(histories: Sequence[SeriesHistory], rule: str) -> Markup:
    rows = [
        [
            Cell(history.title, link=history.page),
            Cell(f"{history.key.data} {history.key.fingerprint[:8]}"),
            Cell(f"{100 * history.key.target:g} %", history.key.target),
            Cell(history.key.precision),
            Cell(f"{len(history.runs):,}", len(history.runs)),
            Cell(str(len(history.steps(rule))), len(history.steps(rule))),
            layout.run_link(history.runs[-1]),
        ]
        for history in histories
    ]
    columns = ("Series", "Data", "#Target", "Precision", "#Runs", "#Steps", "Newest run (UTC)")
    return layout.table("Recipes on devices, with their histories", columns, rows)
