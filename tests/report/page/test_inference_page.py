"""The page of an inference run."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.records.prices import Prices
from dawnbench.records.reader import read_run
from dawnbench.report.page import render_run_page
from dawnbench.stats.price_list import PriceList
from tests.browser import Visit
from tests.records.inference_runs import inference_run, passes


def page_of(folder: Path) -> str:
    run = read_run(inference_run(folder / "run", passes(count=1)))
    return render_run_page(run, None, prices=PriceList(given=Prices(cost_per_hour=0.36)))


def test_tiles_and_tables_are_of_one_image(tmp_path: Path) -> None:
    page = page_of(tmp_path).replace("&nbsp;", " ")
    for figure in ("1.000 ms", "1.900 ms", "9,000 images/s", "94.32 %", "40.00 mJ", "$0.100"):
        assert figure in page
    for heading in ("Latency and throughput", "Passes", "90th percentile", "Images/s at batch 64"):
        assert heading in page
    for meaningless in ("Epochs to target", "Epoch by epoch", "Learning rate", "FLOPs", "/home/ada"):
        assert meaningless not in page


@pytest.mark.parametrize("width", [360, 1280])
def test_its_charts_are_drawn_and_nothing_scrolls_sideways(tmp_path: Path, visit: Visit, width: int) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(tmp_path))
    page = visit(path, width=width)
    assert page.locator("section[aria-labelledby=latency] canvas").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") == width
