"""Colours and sizes that all plots share, and files whose bytes depend on the data alone."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from dawnbench.records.files import write
from dawnbench.report.charts import Color
from dawnbench.safe_text import plain

# Okabe and Ito's palette, which people with any kind of colour vision tell apart.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#8C8C8C"
COLORS: dict[Color, str] = {
    "blue": BLUE,
    "red": VERMILION,
    "green": GREEN,
    "purple": PURPLE,
    "grey": GREY,
}
WIDTH = 7.2
"""Inches: the text width of a page."""
TITLE_LETTERS = 85
"""Per line across that width."""
RASTER_DPI = 150
METADATA: dict[str, dict[str, str | None]] = {".svg": {"Date": None}, ".png": {"Software": None}}
"""By the suffix of a figure's file: what would make equal figures differ."""

_SETTINGS: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.autolayout": False,  # each figure names its own layout
    "legend.frameon": False,
    "svg.hashsalt": "dawnbench",
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the settings that all plots share; draw and save within this context."""
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box, which says as much as the warning.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def new_figure(height: float, title: str, width: float = WIDTH) -> Figure:
    """Return an empty figure of that size in inches; nothing in the title is markup."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(textwrap.fill(plain(title), TITLE_LETTERS), parse_math=False, fontsize=10)
    return figure


def thin_lines(axes: Axes, lines: Sequence[tuple[np.ndarray, np.ndarray]], **looks: Any) -> None:
    """Draw many lines as one object, each an array of x and one of y.

    `looks` are a `LineCollection`'s. A line of one point, which would not show, is a dot.
    """
    axes.add_collection(
        LineCollection([np.column_stack(line) for line in lines if len(line[0]) > 1], **looks)
    )
    dots = [(x[0], y[0]) for x, y in lines if len(x) == 1]
    if dots:
        axes.plot(*zip(*dots, strict=True), "o", color=looks["colors"], alpha=looks["alpha"], markersize=3)
    axes.autoscale_view()


def plain_label(axes: Axes, x: str, y: str) -> None:
    """Label both axes with text in which nothing is markup."""
    axes.set_xlabel(x, parse_math=False)
    axes.set_ylabel(y, parse_math=False)


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure to `stem`.svg and `stem`.png and return the two paths; equal figures give equal bytes.

    Raises:
        DawnbenchError: a file cannot be written.
    """
    paths = [stem.parent / f"{stem.name}{suffix}" for suffix in METADATA]
    for path in paths:
        save_as(figure, path)
    return paths


def save_as(figure: Figure, path: Path) -> None:
    """Write a figure to one file whose suffix is in METADATA; equal figures give equal bytes.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    drawn, suffix = io.BytesIO(), path.suffix.lower()
    with styled():
        _lay_out(figure)
        figure.savefig(drawn, format=suffix[1:], dpi=RASTER_DPI, metadata=METADATA[suffix])
    write(drawn.getvalue(), path)


def svg(figure: Figure) -> str:
    """Return a figure as an SVG element for a page."""
    drawn = io.StringIO()
    with styled():
        _lay_out(figure)
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return svg_element(drawn.getvalue())


def svg_element(text: str) -> str:
    """Return the element of an SVG file's text, without what comes before it."""
    return text[text.index("<svg") :]


def _lay_out(figure: Figure) -> None:
    """Place the axes once for all files of a figure; savefig would for each, and draw it an extra time."""
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        FigureCanvasSVG(figure)  # which measures text without rounding it to pixels
        engine.execute(figure)
        figure.set_layout_engine(None)
