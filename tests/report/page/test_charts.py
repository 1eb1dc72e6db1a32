"""Charts and tables as data and markup."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from dawnbench.report.charts import Axis, Chart, Line
from dawnbench.report.page import (
    Cell,
    Column,
    Table,
    render_chart,
    render_page,
    render_table,
)
from dawnbench.report.page.layout import script_json
from tests.browser import Visit, violations

HISTORY = Chart(
    title="History",
    x=Axis("day", kind="date"),
    y=Axis("time", "s", digits=3),
    lines=[
        Line(
            "median",
            [1.7e9, 1.7e9 + 86_400, 1.7e9 + 172_800],
            [2.5, None, 2.6],
            dots=True,
            names=["a", "b", "<c>"],
        )
    ],
)

ANYTHING = st.recursive(
    st.none() | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING)
def test_json_within_a_script_element_ends_none_and_reads_back(data: object) -> None:
    text = script_json(data)
    assert not re.search(r"[<>&\u2028\u2029]", text)
    assert json.loads(text) == data


def test_a_number_that_is_not_finite_cannot_be_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json([float("nan")])


def test_a_table_marks_a_row_links_a_cell_and_escapes_both() -> None:
    table = Table(
        "<b>",
        [Column("Run"), Column("Time", numeric=True)],
        [[Cell("<i>", link='a"b.html'), Cell("1 s", 1.0)], [Cell("x"), Cell("-")]],
        sortable=True,
        marked=1,
    )
    markup = render_table(table)
    assert '<a href="a&#34;b.html">&lt;i&gt;</a>' in markup
    assert "<b>" not in markup
    assert markup.count('data-value="1.0"') == markup.count("data-value") == 1
    assert markup.index('<tr class="marked">') > markup.index("1 s")


def test_a_page_of_other_parts_works_too(tmp_path: Path, visit: Visit) -> None:
    rows = [[Cell("b"), Cell("2 s", 2.0)], [Cell("a"), Cell("-")], [Cell("c"), Cell("1 s", 1.0)]]
    table = Table("Ladder", [Column("Run"), Column("Time", numeric=True)], rows, sortable=True)
    body = Markup("<h1>All runs</h1>") + render_chart(HISTORY) + render_table(table)
    path = tmp_path / "index.html"
    path.write_text(render_page("All runs", body))
    page = visit(path)
    page.locator(".plot").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.locator("figure").get_by_role("status").inner_text() == "median: 2.600 s. <c>, day 2023-11-16"
    page.locator("thead button", has_text="Time").click()
    assert page.locator("tbody th").all_inner_texts() == ["c", "b", "a"]
    page.locator("thead button", has_text="Time").click()
    assert page.locator("tbody th").all_inner_texts() == ["b", "c", "a"]
    assert violations(page) == []
