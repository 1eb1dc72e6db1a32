"""The leaderboards of inference runs: which model answers fastest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from dawnbench.records.identity import RunIdentity
from dawnbench.report.page import Cell
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.series_history import SeriesHistory
from dawnbench.report.units import latency, percent, significant
from dawnbench.stats.leaderboard import Board, Row

COLUMNS = ("Model", "#Mean latency [ms], 95 % interval", "#Place", "Device", "#Accuracy")
PERCENTILE, THROUGHPUT = "#99th percentile", "#Most images/s"
NOTE = (
    "Latency is DAWNBench's: all test images are answered one at a time, each from host memory to its answer "
    "in host memory, and the total is divided by their number. A model that is less accurate than the target "
    "has no place. Each row is the newest run of its series that has an interval. The most images per second "
    "are over the batch sizes that were measured."
)


def inference_board(
    board: Board, series: Mapping[RunIdentity, SeriesHistory], device: Callable[[Row], str], number: int
) -> Markup:
    """Return the board with that number among those of inference; number 1 explains what the columns mean."""
    title = f"Inference on {board.data} at {100 * board.target:g} %"
    spent = [row.time.spent for row in board.rows]
    money = layout.spending_columns(spent)
    notes = layout.spending_notes(spent, money)
    rows = [_cells(row, series[row.entry.identity], money, device) for row in board.rows]
    columns = (*COLUMNS, PERCENTILE, THROUGHPUT, *money, "Run (UTC)")
    data = f"Data fingerprint {board.fingerprint[:16]}. Runs on other pixels are on a board of their own."
    return layout.section(
        f"inference-{number}",
        title,
        layout.paragraph(data, "note"),
        layout.table(f"Leaderboard: {title}", columns, rows, folds=True),
        *([layout.paragraph(NOTE, "note")] if number == 1 else []),
        *([layout.paragraph(" ".join(notes), "note")] if notes else []),
        kind="answers",
    )


def _cells(
    row: Row, history: SeriesHistory, money: Sequence[str], device: Callable[[Row], str]
) -> list[Cell]:
    entry, found = row.entry, row.entry.answers
    return [
        Cell(history.label, link=history.page),
        layout.interval_cell(row.time),
        Cell("-" if row.place is None else str(row.place), row.place),
        Cell(device(row)),
        Cell(percent(entry.accuracy), entry.accuracy),
        Cell("-") if found is None else Cell(latency(found.p99_seconds), found.p99_seconds),
        Cell("-")
        if found is None or found.images_per_second is None
        else Cell(
            significant(found.images_per_second),
            found.images_per_second,
            note=f"(batch {found.batch_size})",
        ),
        *layout.spending_cells(row.time.spent, money),
        layout.run_link(entry),
    ]
