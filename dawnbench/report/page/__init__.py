"""HTML pages that work from a disk: one for a run, and the frame, tables and charts that every page shares.

`render_page` puts a body of `render_table` and `render_chart` into the frame; `render_run_page` is the page
of a run. Each returns one document: with all it needs inside, or, with `assets`, beside a folder into which
`shared_assets` goes once.
"""

from dawnbench.report.page.assets import shared_assets
from dawnbench.report.page.layout import prose, render_chart, render_page, render_table
from dawnbench.report.page.run_page import render_run_page
from dawnbench.report.page.tables import Cell, Column, Table

__all__ = [
    "Cell",
    "Column",
    "Table",
    "prose",
    "render_chart",
    "render_page",
    "render_run_page",
    "render_table",
    "shared_assets",
]
