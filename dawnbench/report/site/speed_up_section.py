"""Recipes that were run on several numbers of one device: how many times as fast more of them are."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dawnbench.report.page import Cell
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.planned_comparisons import Compared, Finding

NOTE = (
    "The speed-up is the mean time on the fewest devices over that on more of them. The efficiency is the "
    "speed-up divided by how many times as many there are. The interval is the 99 % interval of the verdict."
)


def speed_up_section(compared: Sequence[Compared]) -> Markup:
    """Return a table with a row per number of devices; nothing if every recipe ran on one number only."""
    rows = [
        [
            Cell(one.series.label, link=one.series.page),
            Cell(one.other.identity.machine),
            Cell(one.reference.identity.machine),
            layout.verdict_cell(finding.word, finding.ratio, one.page),
            *_cells(finding),
        ]
        for one, finding in compared
        if one.kind == "devices"
    ]
    columns = ("Recipe", "Devices", "Fewest", "Verdict", "#Speed-up", "Interval", "#Efficiency")
    title = "Each number of devices compared with the fewest"
    parts = [layout.table(title, columns, rows), layout.paragraph(NOTE, "note")] if rows else []
    return layout.section("speed-up", "More devices", *parts)


def _cells(finding: Finding) -> list[Cell]:
    found = finding.speed_up
    if found is None:
        return [Cell("-")] * 3
    bounds = found.interval
    return [
        Cell(f"{found.value:.2f}", found.value),
        Cell("-" if bounds is None else f"{bounds.low:.2f} to {bounds.high:.2f}"),
        Cell(f"{100 * found.efficiency:.1f} %", found.efficiency),
    ]
