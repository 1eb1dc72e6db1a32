"""Inference runs on a site: a board of their own, their histories and comparisons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dawnbench.records.prices import Prices
from dawnbench.report.site import build_site
from dawnbench.stats.price_list import PriceList
from tests.records.inference_runs import OFF, inference_run, passes
from tests.report.site.folders import history


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A series of training, and of inference two that differ in time and a model below the target."""
    folder = tmp_path / "runs"
    history(folder, [2.6, 2.7])
    inference_run(folder / "old", passes(0.001, 5), created="2026-03-01T00:00:00+00:00")
    inference_run(folder / "new", passes(0.0012, 5), created="2026-03-02T00:00:00+00:00")
    inference_run(folder / "onnx", passes(0.0008, 5), runtime="onnx")
    inference_run(
        folder / "low", passes(0.0003, 5, accuracy=0.91), recipe_name="tiny", recipe_digest="77" * 32
    )
    return folder


def built(runs: Path, out: Path, **changes: object) -> str:
    made = build_site(runs, out, processes=1, **changes)  # type: ignore[arg-type]
    assert made.troubles == ()
    return made.index.read_text().replace("&nbsp;", " ")


def board(page: str, identity: str) -> list[list[str]]:
    """Return the text of the cells of a board, row by row."""
    section = page.partition(f'aria-labelledby="{identity}"')[2].partition("</section>")[0]
    rows = re.findall(r"<tr.*?</tr>", section, re.DOTALL)
    texts = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in texts]


def test_the_fastest_model_at_the_target_is_first_and_one_below_it_has_no_place(
    runs: Path, tmp_path: Path
) -> None:
    prices = PriceList(given=Prices(cost_per_hour=0.36))
    _, *rows = board(built(runs, tmp_path / "site", prices=prices), "inference-1")
    assert [row[:3] for row in rows] == [
        ["davidnet inference onnx", "0.7997 (0.7961 to 0.8033)", "1"],
        ["davidnet inference torch", "1.200 (1.194 to 1.205)", "2"],
        ["tiny inference torch", "0.2999 (0.2985 to 0.3012)", "-"],
    ]
    onnx = " ".join(rows[0])
    assert "94.32 % 1.519 ms" in onnx
    assert "(batch 64)" in onnx
    assert "40.00 $0.0800" in onnx


def test_trainings_keep_their_board_to_themselves(runs: Path, tmp_path: Path) -> None:
    page = built(runs, tmp_path / "site")
    assert {row[0] for row in board(page, "board-1")[1:]} == {"davidnet"}
    assert "board-2" not in page
    assert '<option value="inference">' not in page


def test_a_series_has_its_history_in_milliseconds_and_its_comparisons(runs: Path, tmp_path: Path) -> None:
    built(runs, tmp_path / "site")
    (series,) = (tmp_path / "site" / "series").glob("AMD-EPYC-1212*.html")
    page = series.read_text().replace("&nbsp;", " ")
    assert "inference: latency of an image" in page
    assert "latency [ms]" in page
    assert "slower, +22" in page or "slower, +20" in page
    compared = (tmp_path / "site" / "comparisons" / "new-against-previous.html").read_text()
    assert "reference [ms]" in compared


def test_a_step_in_latency_is_among_the_news_with_its_unit(tmp_path: Path) -> None:
    for number in range(14):
        latency = (0.001 if number < 7 else 0.0012) * (1 + OFF[number % 10] / 3)
        created = f"2026-03-{number + 1:02d}T00:00:00+00:00"
        inference_run(tmp_path / "runs" / f"{number:02d}", passes(latency, 5), created=created)
    page = built(tmp_path / "runs", tmp_path / "site")
    assert "The newest first, under the inference rule" in page
    columns, row = board(page, "news")
    assert row[2:4] == ["0.9999 ms", "1.200 ms"]
    assert columns[2:4] == ["Before", "After"]
    history(tmp_path / "runs", [2.5] * 7 + [3.0] * 7)
    page = built(tmp_path / "runs", tmp_path / "both")
    units = [[cell.split()[-1] for cell in row[2:4]] for row in board(page, "news")[1:]]
    assert units == [["ms", "ms"], ["s", "s"]]
