"""Recipes that were run on several devices: time against cost, or against energy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from dawnbench.records.identity import RunIdentity
from dawnbench.records.rules import suiting_rule
from dawnbench.report.charts.devices import devices_chart
from dawnbench.report.page import Cell, render_chart
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.series_history import SeriesHistory
from dawnbench.report.units import time_unit
from dawnbench.stats.leaderboard import Board, Row
from dawnbench.stats.trade_off import TradeOff, trade_off

NOTE = (
    "A device is on the Pareto front if no other is as good in both and better in one. Prices per hour come "
    "from --cost-per-hour, the runs or config.toml; without them time is set against energy."
)


def devices_section(
    boards: Iterable[Board],
    series: Mapping[RunIdentity, SeriesHistory],
    rule: str,
    device: Callable[[Row], str],
) -> Markup:
    """Return a chart and a table for each recipe that two devices ran with a time and a cost or an energy.

    Nothing if there is none. `rule` is the timing rule; `device` returns what to call a row's device.
    """
    parts: list[Markup] = []
    for board in boards:
        recipes: dict[str, list[Row]] = {}
        for row in board.rows:
            if row.time.rule == suiting_rule(board.kind, rule):
                recipes.setdefault(row.entry.identity.recipe_digest, []).append(row)
        for rows in recipes.values():
            by_device = {device(row): row for row in rows}
            found = trade_off({label: row.time.spent for label, row in by_device.items()})
            if found is not None:
                title = f"{series[rows[0].entry.identity].label}, {board.data} to {100 * board.target:g} %"
                parts += _recipe(title, found, by_device, suiting_rule(board.kind, rule))
    if parts:
        parts.append(layout.paragraph(NOTE, "note"))
    return layout.section("devices", "Device against device", *parts)


def _recipe(title: str, found: TradeOff, rows: Mapping[str, Row], rule: str) -> Sequence[Markup]:
    # The table says which dot is on the front, so the page needs no rings around them.
    chart = replace(devices_chart(found, rule, f"{title}, {rule} rule"), points=())
    front = set(found.front)
    spent = [row.time.spent for row in rows.values()]
    money = layout.spending_columns(spent)
    cells = [
        [
            Cell(label),
            layout.time_cell(row.time.expected, rule),
            *layout.spending_cells(row.time.spent, money),
            Cell("unknown" if label in found.left_out else "yes" if label in front else "no"),
            layout.run_link(row.entry),
        ]
        for label, row in rows.items()
    ]
    columns = (
        "Device",
        f"#Time [{time_unit(rule).name}]",
        *money,
        f"On the front of time and {found.against}",
        "Run (UTC)",
    )
    return render_chart(chart), layout.table(f"Devices: {title}", columns, cells, folds=True)
