"""A scaling study, drawn."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from dawnbench.report.charts.scaling import scaling_charts
from dawnbench.report.plots.lines import draw_grid
from dawnbench.report.plots.style import save, styled
from dawnbench.stats.scaling_laws import ScalingStudy


def draw_scaling(study: ScalingStudy) -> Figure:
    """Draw a row of charts for each axis of a study."""
    with styled():
        return draw_grid(scaling_charts(study))


def write_scaling_plot(study: ScalingStudy, stem: Path) -> list[Path]:
    """Draw a study into `stem`.svg and `stem`.png; return the two paths.

    Raises:
        DawnbenchError: the files cannot be written.
    """
    return save(draw_scaling(study), stem)
