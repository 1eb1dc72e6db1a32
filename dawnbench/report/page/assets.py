"""The scripts and styles of every page: inside each page, or once beside many."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from markupsafe import Markup

from dawnbench.report.charts.segments import OTHER_COLOR, SEGMENT_COLORS

_FOLDER = Path(__file__).parent / "assets"
EARLY_SCRIPT = "theme.js"
"""Runs before the body, so that no page flashes in the wrong theme."""
SCRIPTS = (
    "uPlot.iife.min.js",
    "tables.js",
    "plot.js",
    "readout.js",
    "charts.js",
    "controls.js",
    "trials.js",
    "telemetry.js",
    "page.js",
)
"""In the order of their dependencies."""
STYLES = ("uPlot.min.css", "page.css")


@cache
def shared_assets() -> dict[str, bytes]:
    """Return each file that pages with `assets` load, and the plotting library's license, by name."""
    names = (EARLY_SCRIPT, *SCRIPTS, *STYLES, "uPlot.LICENSE")
    files = {name: (_FOLDER / name).read_bytes() for name in names}
    return files | {"page.css": files["page.css"] + _segment_styles().encode()}


def _segment_styles() -> str:
    colors = SEGMENT_COLORS | {"other": OTHER_COLOR}
    return "".join(f".segment-{name} {{ --fill: {color}; }}\n" for name, color in colors.items())


@cache
def content_policy() -> str:
    """Return the content security policy of a self-contained page: no requests, no scripts but its own."""
    hashes = " ".join(_hash(shared_assets()[name]) for name in (EARLY_SCRIPT, *SCRIPTS))
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:"


def inline(name: str) -> Markup:
    """Return a script or style for use inside its element."""
    return Markup(shared_assets()[name].decode("utf-8"))


def _hash(content: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'"
