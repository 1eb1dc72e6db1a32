"""How a run's page comes out: widths, themes, without JavaScript, for a screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dawnbench.records.reader import Run, read_run
from dawnbench.records.samples import read_samples
from dawnbench.report.page import render_run_page
from tests.browser import Visit, overflow, violations
from tests.cli.made_runs import HOSTILE
from tests.records.examples import TRIAL
from tests.records.folders import make_run
from tests.records.full_runs import full_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"><rect width="9" height="9"/></svg>'
)


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).first.bounding_box()
    assert found is not None, selector
    return dict(found)


def lightness(page: Page, selector: str, what: str) -> float:
    """Return the mean of red, green and blue, 0 to 255, of a computed colour."""
    found: float = page.locator(selector).first.evaluate(
        "(element, what) => getComputedStyle(element)[what].match(/[\\d.]+/g).slice(0, 3)"
        ".reduce((sum, one) => sum + Number(one), 0) / 3",
        what,
    )
    return found


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
def test_nobody_is_kept_out(page_file: Path, visit: Visit, width: int, dark: bool) -> None:
    page = visit(page_file, width=width, dark=dark)
    page.locator("thead button").first.click()
    page.locator("summary").first.click()
    assert violations(page) == []


def test_no_width_makes_the_page_scroll_sideways(page_file: Path, visit: Visit) -> None:
    page = visit(page_file, width=1920)
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 800})
        # Charts follow a moment after the window.
        page.wait_for_function(
            "width => [...document.querySelectorAll('canvas')].every((canvas) =>"
            " canvas.getBoundingClientRect().left >= 0 && canvas.getBoundingClientRect().right <= width)",
            arg=width,
        )
        assert overflow(page) == 0


def test_on_a_phone_wide_tables_scroll_in_their_own_box(page_file: Path, visit: Visit) -> None:
    page = visit(page_file, width=360, height=740)
    trials = page.get_by_role("region", name="All trials", exact=True)
    assert trials.evaluate("box => box.scrollWidth > box.clientWidth + 100")
    trials.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=trials.element_handle())


def test_what_matters_comes_first(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    title, sentence, tiles = box(page, "h1"), box(page, ".headline"), box(page, ".tiles")
    chart = box(page, "figure")
    assert title["y"] < sentence["y"] < tiles["y"] < 450
    assert tiles["y"] + tiles["height"] < chart["y"] < 900
    assert chart["width"] > 900
    side_by_side = [page.locator(".pair.three .plot").nth(i).bounding_box() for i in range(3)]
    assert len({one["y"] for one in side_by_side if one}) == 1
    assert box(page, "#theme")["x"] > 1000


def test_a_narrow_window_restacks_what_stood_side_by_side(page_file: Path, visit: Visit) -> None:
    page = visit(page_file)
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function("document.querySelector('.plot canvas').getBoundingClientRect().width < 400")
    tops = [page.locator(".pair.three .plot").nth(i).bounding_box()["y"] for i in range(3)]  # type: ignore[index]
    assert tops == sorted(set(tops))
    assert overflow(page) == 0


def test_each_theme_reads_dark_on_light_or_light_on_dark(page_file: Path, visit: Visit) -> None:
    for dark in (False, True):
        page = visit(page_file, dark=dark)
        ground, text = lightness(page, "body", "backgroundColor"), lightness(page, "body", "color")
        assert (ground < 60 and text > 200) if dark else (ground > 230 and text < 60)
        inner = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
        drawn = page.locator("canvas").first.evaluate(f"canvas => new Set(({inner})(canvas)).size")
        assert drawn > 50, "the chart is blank"


def test_without_javascript_the_tables_and_the_picture_are_there(
    run: Run, tmp_path: Path, visit: Visit
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render_run_page(run, read_samples(run.folder), picture=PICTURE))
    page = visit(path, scripts=False)
    assert page.locator("img.picture").is_visible()
    assert box(page, "img.picture")["width"] > 900
    for name in ("All trials", "Log of trial", "Time by segment", "Readings over all trials", "Figures with"):
        assert page.get_by_role("region", name=name).first.is_visible()
    assert "need JavaScript" in page.locator("noscript p").inner_text()
    assert page.locator("button:visible, input:visible, select:visible, figure:visible").count() == 0
    assert overflow(page) == 0
    assert not visit(path).locator("img.picture").count()


def test_hostile_words_show_as_they_are(tmp_path: Path, visit: Visit) -> None:
    script = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    words: dict[str, Any] = {
        "recipe_name": f"<script>alert(1)</script>{HOSTILE}",
        "device_name": f'"><img src=x onerror=alert(1)>{HOSTILE}',
        "command": ("dawnbench", "run", script),
        "environment": {script: {HOSTILE: script}, "gpu": {"name": "<b>"}},
        "telemetry_unavailable": {"gpu_power": script},
    }
    run = read_run(full_run(tmp_path / "<b>run&amp;", trials=2, hertz=5, **words))
    path = tmp_path / "page.html"
    path.write_text(render_run_page(run, read_samples(run.folder), trail=[(script, "index.html")]))
    page = visit(path)
    assert page.locator("h1").inner_text().startswith("<script>alert(1)</script>")
    assert "</script><script>alert(1)</script>" in page.locator(".command code").inner_text()
    assert page.locator("main img").count() == 0
    assert page.locator("script:not([type])").count() == 10
    assert "\u202e" not in page.content()


def test_what_a_warning_has_between_backticks_is_code(tmp_path: Path, visit: Visit) -> None:
    notes = ("set `capture=false` for it", "a `<b>part</b>` and a lone ` sign", "``")
    path = tmp_path / "page.html"
    path.write_text(render_run_page(read_run(make_run(tmp_path / "run", notes=notes)), None))
    page = visit(path)
    page.locator("details summary").first.click()
    said = page.locator(".doubts li").all_inner_texts()
    assert [one for one in said if "`" not in one and "capture=false" in one] == ["set capture=false for it"]
    assert "a <b>part</b> and a lone ` sign" in said
    assert {"capture=false", "<b>part</b>"} <= set(page.locator(".doubts code").all_inner_texts())
    assert page.locator(".doubts b").count() == 0


@pytest.mark.parametrize(("final", "target"), [(0.943, 0.94), (0.99, 0.6), (0.99, 0.97), (0.5, 0.94)])
def test_the_target_s_label_lies_beside_the_curves(
    tmp_path: Path, visit: Visit, final: float, target: float
) -> None:
    run = read_run(full_run(tmp_path / "run", trials=3, hertz=0, final=final, target=target))
    path = tmp_path / "page.html"
    path.write_text(render_run_page(run, None))
    for width in (360, 1280):
        page = visit(path, width=width)
        labels: list[dict[str, float]] = page.evaluate(
            "() => [...dawnbench.plots].filter(({ chart }) => chart.targets.length).map(({ label }) => label)"
        )
        assert len(labels) == 2
        assert [label["count"] for label in labels] == [0, 0]


@pytest.mark.parametrize("what", ["nothing ended", "one trial", "no epochs", "never reached"])
def test_a_run_with_little_in_it_is_a_page_too(tmp_path: Path, visit: Visit, what: str) -> None:
    folder = tmp_path / "run"
    if what == "nothing ended":
        make_run(folder, (), (), status="running")
    elif what == "one trial":
        full_run(folder, trials=1, epochs=1)
    elif what == "no epochs":
        make_run(folder, (TRIAL,), ())
    else:
        full_run(folder, trials=3, epochs=3, final=0.5, hertz=0)
    run = read_run(folder)
    path = tmp_path / "page.html"
    path.write_text(render_run_page(run, read_samples(folder)))
    page = visit(path)
    assert page.locator("h1").inner_text() == "davidnet"
    assert overflow(page) == 0
    assert what != "nothing ended" or violations(page) == []
