"""A magnitude sweep, drawn."""

from __future__ import annotations

from pathlib import Path

from dawnbench.records.pruning import PruningSweep
from dawnbench.report.charts.pruning import pruning_chart
from dawnbench.report.plots.lines import draw_chart
from dawnbench.report.plots.style import save, styled


def write_pruning_plot(sweep: PruningSweep, stem: Path) -> list[Path]:
    """Draw a sweep with at least one pruned model into `stem`.svg and `stem`.png; return the two paths.

    Raises:
        DawnbenchError: the files cannot be written.
    """
    with styled():
        return save(draw_chart(pruning_chart(sweep), 3.6), stem)
