"""The page of a run in the hands of a reader, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dawnbench.records.reader import Run
from dawnbench.report.units import percent, seconds
from dawnbench.stats.progress import elapsed_seconds, median_trial
from tests.browser import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ACCURACY, LOSS = 0, 1


def plot(page: Page, number: int) -> Locator:
    return page.locator(".plot").nth(number)


def read_at(page: Page, number: int, across: float, down: float = 0.5) -> str:
    """Return what the chart says with the mouse at this share of its width and height."""
    area = plot(page, number).locator(".u-over")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    readout = plot(page, number).locator(".readout")
    return readout.inner_text() if readout.is_visible() else ""


def picture(page: Page, number: int) -> str:
    drawn: str = plot(page, number).locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return drawn


def draws(page: Page, number: int, color: str) -> bool:
    """Return whether a pixel of the chart has one of the page's named colours."""
    found: bool = (
        plot(page, number)
        .locator("canvas")
        .evaluate(
            """(canvas, name) => {
                const [red, green, blue] = dawnbench.color(name).match(/\\d+/g).map(Number);
                const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
                copy.drawImage(canvas, 0, 0);
                const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
                for (let i = 0; i < data.length; i += 4)
                    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) return true;
                return false;
            }""",
            color,
        )
    )
    return found


def table(page: Page, caption: str) -> Locator:
    return page.get_by_role("region", name=caption, exact=True).get_by_role("table")


def column(page: Page, caption: str, number: int) -> list[str]:
    return table(page, caption).locator(f"tbody tr > :nth-child({number})").all_inner_texts()


def test_hovering_shows_the_value_of_the_nearest_point(page_file: Path, run: Run, visit: Visit) -> None:
    page = visit(page_file)
    median = median_trial(run.trials, "dawnbench")
    assert median is not None
    page.get_by_role("button", name="Median only").click()
    said = read_at(page, ACCURACY, 0.999)
    last = run.epochs_of(median.trial)[-1]
    assert percent(last.validation_accuracy) in said
    assert "epoch 10" in said
    assert seconds(elapsed_seconds(median, "dawnbench")[10]) in said
    page.mouse.move(2, 2)
    assert not plot(page, ACCURACY).locator(".readout").is_visible()


def test_a_checkbox_takes_a_trial_out_of_every_chart_and_back(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    before = [picture(page, number) for number in (ACCURACY, LOSS)]
    page.get_by_role("checkbox", name="3", exact=True).uncheck()
    without = [picture(page, number) for number in (ACCURACY, LOSS)]
    assert all(a != b for a, b in zip(before, without, strict=True))
    said = {read_at(page, LOSS, across, down) for across in (0.3, 0.6, 0.9) for down in (0.1, 0.5, 0.7, 0.9)}
    assert len(said) > 3
    assert not any("trial 3" in text for text in said)
    page.get_by_role("checkbox", name="3", exact=True).check()
    page.mouse.move(2, 2)
    assert [picture(page, number) for number in (ACCURACY, LOSS)] == before


def test_no_trial_and_one_trial_are_a_click_away(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    assert draws(page, ACCURACY, "red")
    page.get_by_role("button", name="None", exact=True).click()
    assert not draws(page, ACCURACY, "red"), "a ring of a trial that is hidden"
    assert page.locator(".toggles input:checked").count() == 0
    assert read_at(page, ACCURACY, 0.5) == ""
    page.get_by_role("button", name="Median only").click()
    assert page.locator(".toggles input:checked").count() == 1
    page.get_by_role("button", name="All", exact=True).click()
    assert page.locator(".toggles input:checked").count() == 5


def test_dragging_zooms_and_a_button_shows_all_again(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    whole = picture(page, ACCURACY)
    assert "epoch 1," in read_at(page, ACCURACY, 0.0)
    box = plot(page, ACCURACY).locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.57 * box["width"], box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 60, steps=3)
    page.mouse.up()
    epoch = re.search(r"epoch (\d+)", read_at(page, ACCURACY, 0.0, 0.98))
    assert epoch is not None
    assert int(epoch[1]) >= 6
    page.get_by_role("group", name="Zoom: Validation").get_by_role("button", name="Show all").click()
    page.mouse.move(2, 2)
    assert picture(page, ACCURACY) == whole


def test_buttons_zoom_move_and_find_the_target(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    bar = page.get_by_role("group", name="Zoom: Validation")
    seen = [picture(page, ACCURACY)]
    for name in ("Zoom in", "Move on", "Move back", "Zoom near the target"):
        bar.get_by_role("button", name=name).click()
        seen.append(picture(page, ACCURACY))
    assert seen[3] == seen[1]
    assert len(set(seen)) == 4
    assert float(re.search(r": ([\d.]+) %", read_at(page, ACCURACY, 0.02))[1]) > 90  # type: ignore[index]
    for _ in range(4):
        bar.get_by_role("button", name="Zoom out").click()
    page.mouse.move(2, 2)
    assert picture(page, ACCURACY) == seen[0]


def test_charts_of_epochs_are_zoomed_together(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    before = [picture(page, number) for number in range(4)]
    page.get_by_role("group", name="Zoom: Loss").get_by_role("button", name="Zoom in").click()
    after = [picture(page, number) for number in range(4)]
    assert [a != b for a, b in zip(before, after, strict=True)] == [False, True, True, True]


def test_headings_sort_a_table_both_ways(page_file: Path, run: Run, visit: Visit) -> None:
    page = visit(page_file)
    heading = table(page, "All trials").locator("thead th").nth(2)
    assert heading.get_attribute("aria-sort") is None
    wanted = sorted(trial.seconds["dawnbench"] for trial in run.trials)  # type: ignore[type-var]
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert column(page, "All trials", 3) == [seconds(value) for value in wanted]
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert column(page, "All trials", 3) == [seconds(value) for value in reversed(wanted)]
    other = table(page, "All trials").locator("thead th").nth(1)
    other.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert column(page, "All trials", 2) == ["0", "1", "2", "3", "4"]


def test_the_keyboard_alone_reads_zooms_toggles_and_sorts(page_file: Path, run: Run, visit: Visit) -> None:
    page = visit(page_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(70):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.type || ''"))
        if page.evaluate("document.activeElement.dataset.trial") == "3":
            page.keyboard.press("Space")
    assert {"plot", "scroll", "checkbox", "select-one", "button"} <= reached
    assert not page.get_by_role("checkbox", name="3", exact=True).is_checked()
    chart = plot(page, ACCURACY)
    chart.focus()
    whole = picture(page, ACCURACY)
    status = page.locator("figure").first.get_by_role("status")
    page.keyboard.press("ArrowRight")
    assert "(median)" in status.inner_text()
    assert "epoch 1," in status.inner_text()
    assert chart.locator(".readout").is_visible()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert "(median)" not in status.inner_text()
    assert "trial 3" not in status.inner_text()
    page.keyboard.press("Escape")
    assert not chart.locator(".readout").is_visible()
    page.keyboard.press("+")
    assert picture(page, ACCURACY) != whole
    page.keyboard.press("0")
    assert picture(page, ACCURACY) == whole
    page.locator("thead button", has_text="Seed").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert column(page, "All trials", 2) == ["4", "3", "2", "1", "0"]


def test_telemetry_follows_the_trial_chosen(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    place = page.locator(".telemetry")
    assert place.locator("figcaption").all_inner_texts()[0].startswith("Power")
    assert place.locator(".plot").count() == 4
    assert not place.locator(".throttled").is_visible()
    calm = picture(page, 7)
    place.get_by_role("combobox").select_option(label="1")
    assert "sw_thermal_slowdown" in place.locator(".throttled").inner_text()
    assert place.locator(".plot").count() == 4
    assert picture(page, 7) != calm
    assert "1980 MHz" in read_at(page, 7, 0.2)
    slow = read_at(page, 7, 0.8)
    assert "1500 MHz" in slow
    assert "held below its clocks: sw_thermal_slowdown" in slow


def test_the_theme_can_be_chosen(page_file: Path, visit: Visit) -> None:
    page = visit(page_file, dark=True)
    ground = "getComputedStyle(document.body).backgroundColor"
    dark, drawn = page.evaluate(ground), picture(page, ACCURACY)
    page.get_by_role("button", name="Light theme").click()
    assert page.evaluate(ground) != dark
    assert picture(page, ACCURACY) != drawn
    page.get_by_role("button", name="Dark theme").click()
    assert page.evaluate(ground) == dark
    assert picture(page, ACCURACY) == drawn
