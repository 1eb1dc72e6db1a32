from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dawnbench.report.site import build_site
from tests.browser import Visit, overflow, violations
from tests.report.site.folders import small_run

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def series(site: Path) -> Path:
    """The page of the series with a step, which is the longest."""
    return max((site / "series").glob("*.html"), key=lambda page: page.stat().st_size)


def comparison(site: Path) -> Path:
    return sorted((site / "comparisons").glob("*-against-previous.html"))[0]


def pages(site: Path) -> dict[str, Path]:
    return {
        "index": site / "index.html",
        "series": series(site),
        "comparison": comparison(site),
        "pair": next((site / "comparisons").glob("*-against-pair.html")),
        "run": sorted((site / "runs").glob("*.html"))[0],
    }


def recipes(page: Page) -> list[str]:
    """The recipes of the leaderboards' rows that are shown, from the top."""
    return page.locator(".board tbody tr:visible th").all_inner_texts()


def expect(found: Page | Locator) -> Any:
    """Wait until what was found is as the next call says."""
    from playwright.sync_api import expect

    return expect(found)


def choice(page: Page, column: str) -> Locator:
    return page.get_by_role("combobox", name=column)


@pytest.mark.parametrize("kind", ["index", "series", "comparison", "pair", "run"])
@pytest.mark.parametrize("dark", [False, True])
def test_every_kind_of_page_is_sound_in_light_and_dark(
    site: Path, visit: Visit, kind: str, dark: bool
) -> None:
    page = visit(pages(site)[kind], dark=dark)
    assert page.locator("h1").count() == 1
    assert violations(page) == []


@pytest.mark.parametrize("kind", ["index", "series", "comparison", "pair"])
@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_shows_every_page_without_scrolling_sideways(
    site: Path, visit: Visit, kind: str, scripts: bool
) -> None:
    page = visit(pages(site)[kind], width=360, scripts=scripts)
    if scripts:
        assert overflow(page) <= 0
    assert page.locator("h1").is_visible()


def test_the_leaderboard_begins_with_the_rule_of_the_site(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    assert recipes(page) == ["davidnet-b", "davidnet", "<script>alert(1)</script>", "speedrun", "quickstart"]
    expect(page.get_by_role("status")).to_have_text("5 of 20 rows")


def test_rows_are_chosen_by_recipe_device_and_rule(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    choice(page, "Rule").select_option("cold")
    expect(page.get_by_role("status")).to_have_text("5 of 20 rows")
    choice(page, "Device").select_option("AMD EPYC, bf16")
    assert recipes(page) == ["speedrun"]
    # A board of which no row is left goes with its heading.
    expect(page.get_by_role("heading", name="digits to 90 %")).to_be_hidden()
    choice(page, "Recipe").select_option("quickstart")
    expect(page.get_by_role("status")).to_have_text("0 of 20 rows")
    page.get_by_role("button", name="All rows").click()
    expect(page.get_by_role("status")).to_have_text("20 of 20 rows")
    expect(page.get_by_role("heading", name="digits to 90 %")).to_be_visible()


def test_a_choice_is_in_the_address_and_can_be_sent(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    page.goto(f"{(site / 'index.html').as_uri()}?recipe=speedrun&rule=strict")
    assert recipes(page) == ["speedrun"]
    expect(choice(page, "Rule")).to_have_value("strict")
    page.goto(f"{(site / 'index.html').as_uri()}?rule=all&recipe=nonsense")
    expect(page.get_by_role("status")).to_have_text("20 of 20 rows")


def test_a_board_is_sorted_by_any_column_both_ways(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    first = page.locator(".board").first
    time = first.get_by_role("button", name="Mean time [s]")
    time.click()
    assert first.locator("tbody tr:visible th").first.inner_text() == "davidnet-b"
    time.click()
    assert first.locator("tbody tr:visible th").first.inner_text() == "speedrun"
    assert time.locator("xpath=..").get_attribute("aria-sort") == "descending"


def test_the_keyboard_alone_chooses_and_follows(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    choice(page, "Recipe").focus()
    page.keyboard.type("speed")
    assert recipes(page) == ["speedrun"]
    page.get_by_role("link", name="speedrun", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("speedrun")


def test_the_way_from_the_first_page_to_a_comparison_and_back(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    page.locator(".board").get_by_role("link", name="davidnet", exact=True).click()
    expect(page.locator("h1")).to_have_text("davidnet")
    step = page.get_by_role("table", name="All runs").get_by_role("row", name="2026-01-02 18:00")
    step.get_by_role("link", name="slower").click()
    expect(page.locator("h1")).to_contain_text("davidnet, 2026-01-02 18:00 compared with")
    page.get_by_role("link", name="20260102T180000Z-davidnet-000006").click()
    expect(page.locator("h1")).to_have_text("davidnet")
    page.get_by_role("link", name="davidnet on NVIDIA H200").click()
    expect(page.get_by_role("heading", name="Step changes")).to_be_visible()
    page.get_by_role("link", name="Benchmark runs").click()
    expect(page.locator("h1")).to_have_text("Benchmark runs")


def test_the_history_marks_its_step_in_words_and_in_the_chart(site: Path, visit: Visit) -> None:
    page = visit(series(site))
    steps = page.get_by_role("table", name="Medians of the runs' means before and after")
    expect(steps.locator("tbody tr")).to_have_count(1)
    expect(steps).to_contain_text("2026-01-02 18:00")
    expect(steps).to_contain_text("+11")
    assert page.locator("canvas").count() == 4
    page.locator(".chart .u-over").first.hover()
    expect(page.locator(".readout").first).to_contain_text("davidnet-00000")


def test_without_javascript_every_figure_is_in_a_table(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html", scripts=False)
    assert page.locator(".board tbody tr:visible").count() == 20
    assert page.locator(".filters:visible").count() == 0
    page.goto(series(site).as_uri())
    assert page.locator("section").filter(has_text="All runs").locator("tbody tr:visible").count() >= 12
    page.goto(comparison(site).as_uri())
    expect(page.locator(".ratios")).to_be_visible()
    expect(page.get_by_role("table", name="The figures behind the verdict")).to_be_visible()


def test_what_a_run_is_called_is_shown_and_never_run(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    page.get_by_role("link", name="<script>alert(1)</script>", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("<script>alert(1)</script>")
    page.get_by_role("link", name="2026-01-10").first.click()
    expect(page.locator("h1")).to_have_text("<script>alert(1)</script>")
    for found in site.rglob("*.html"):
        text = found.read_text()
        assert "<script>alert" not in text
        assert "\x1b" not in text


def test_what_could_not_be_read_is_on_the_first_page(site: Path, visit: Visit) -> None:
    page = visit(site / "index.html")
    trouble = page.locator("section.doubts")
    expect(trouble).to_contain_text("What could not be read or compared")
    expect(trouble).to_contain_text("20260115T140000Z-davidnet-000032/run.json was not written by dawnbench")


@pytest.mark.parametrize("width", [1280, 1920])
def test_the_leaderboard_fits_a_screen_and_has_the_time_second(site: Path, visit: Visit, width: int) -> None:
    page = visit(site / "index.html", width=width)
    for board in page.locator(".board .scroll").all():
        assert board.evaluate("box => box.scrollWidth - box.clientWidth") == 0
        assert board.locator("thead th").all_inner_texts()[1].startswith("Mean time [s]")
    expect(page.get_by_text("All columns").first).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_who_took_how_long_and_unfolds_the_rest(site: Path, visit: Visit, dark: bool) -> None:
    page = visit(site / "index.html", width=360, dark=dark)
    board = page.locator(".board").first
    box = board.locator(".scroll")
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") == 0
    shown = [text.split("\n")[0] for text in board.locator("thead th:visible").all_inner_texts()]
    assert [text.rstrip("↕ ") for text in shown] == ["Recipe", "Mean time [s], 95 % interval"]
    time = board.locator("tbody tr:visible td").first
    assert re.match(r"2\.\d{3}\s+\(2\.\d+ to 2\.\d+\)$", time.inner_text())
    place = time.bounding_box()
    assert place is not None
    assert place["x"] + place["width"] <= 360
    board.get_by_label("All columns").check()
    expect(board.get_by_role("columnheader", name="Device")).to_be_visible()
    assert board.locator("thead th:visible").count() == board.locator("thead th").count() > 2
    assert overflow(page) <= 0


def test_no_date_below_a_history_is_cut_off(site: Path, visit: Visit) -> None:
    for width in (1280, 360):
        page = visit(series(site), width=width)
        ends: list[list[float]] = page.evaluate(
            """() => [...dawnbench.plots].map(({ u, chart }) => {
                const context = document.createElement("canvas").getContext("2d");
                context.font = "12px system-ui, sans-serif";
                const ticks = u.axes[0]._splits, last = u.axes[0]._values.length - 1;
                const middle = u.over.offsetLeft + u.valToPos(ticks[last], "x");
                const half = context.measureText(u.axes[0]._values[last]).width / 2;
                return [middle - half, middle + half, u.width, ticks[last] % 86400];
            })"""
        )
        assert len(ends) == 4
        for left, right, whole, after_midnight in ends:
            assert 0 <= left < right <= whole
            assert after_midnight == 0


def test_a_recipe_with_long_changes_leaves_room_for_its_time(tmp_path: Path, visit: Visit) -> None:
    changes = ["augmentation.cutout.probability=0.125", "evaluation.tta_last_epoch_only=true", "epochs=30"]
    device = "Intel(R) Xeon(R) Platinum 8480+ with a long name"
    recipe = {"name": "davidnet-onecycle-fast", "epochs": 30, "batch_size": 512, "changed": changes}
    small_run(tmp_path / "runs", 1, 123.4, recipe_name=recipe["name"], recipe=recipe, device_name=device)
    build_site(tmp_path / "runs", tmp_path / "site", processes=1)
    for width in (360, 1280):
        page = visit(tmp_path / "site" / "index.html", width=width)
        expect(page.locator(".board tbody th").first).to_contain_text("augmentation.cutout.probability=0.125")
        box = page.locator(".board .scroll").first
        assert box.evaluate("box => box.scrollWidth - box.clientWidth") == 0
