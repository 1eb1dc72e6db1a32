"""Pages written to a disk, and a browser to open them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.records.reader import Run
from dawnbench.records.samples import read_samples
from dawnbench.report.page import render_run_page
from tests.browser import browser, visit

__all__ = ["browser", "visit"]


@pytest.fixture(scope="package")
def page_file(run: Run) -> Path:
    path = run.folder / "report.html"
    path.write_text(render_run_page(run, read_samples(run.folder)), encoding="utf-8")
    return path
