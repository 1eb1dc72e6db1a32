"""A search, drawn."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from dawnbench.report.charts.search import ImportanceChart, history_charts, importance_chart
from dawnbench.report.plots.lines import draw_grid
from dawnbench.report.plots.style import BLUE, new_figure, plain_label, save, styled
from dawnbench.safe_text import figure_text
from dawnbench.stats.search_results import SearchResults


def write_search_plots(results: SearchResults, folder: Path) -> dict[str, Path]:
    """Draw a search with at least one candidate as SVG and PNG into a folder; return the SVGs by name.

    Raises:
        DawnbenchError: the files cannot be written.
    """
    importance = importance_chart(results)
    with styled():
        drawn = {"history": draw_grid([history_charts(results)])}
        if importance is not None:
            drawn["importance"] = draw_importance(importance)
        return {name: save(figure, folder / name)[0] for name, figure in drawn.items()}


def draw_importance(chart: ImportanceChart) -> Figure:
    """Draw a bar per parameter, in panels side by side."""
    rows = max(len(shares) for _, shares in chart.panels)
    figure = new_figure(1.1 + 0.26 * rows, chart.title)
    panels = figure.subplots(1, len(chart.panels), squeeze=False)[0]
    for axes, (label, shares) in zip(panels, chart.panels, strict=True):
        axes.barh(range(len(shares)), list(shares.values()), color=BLUE)
        axes.set_yticks(range(len(shares)), [figure_text(name) for name in shares])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        plain_label(axes, f"share {label}, %", "")
    return figure
