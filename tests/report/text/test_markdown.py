from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.report.text.markdown import fenced, table
from dawnbench.safe_text import markdown

CELLS = st.text()


def columns(line: str) -> int:
    """Return how many cells a reader sees: a bar behind an odd number of backslashes is text."""
    bars = [match for match in re.finditer(r"(\\*)\|", line) if len(match[1]) % 2 == 0]
    return len(bars) - 1


def test_a_table_is_aligned_first_column_left_others_right() -> None:
    assert table(["Rule", "Seconds"], [["dawnbench", "1.5"], ["airbench", "12.25"]]) == (
        "| Rule      | Seconds |\n| --------- | ------: |\n| dawnbench |     1.5 |\n| airbench  |   12.25 |"
    )


def test_a_table_without_rows_has_its_head_and_narrow_columns_have_room_for_the_rule() -> None:
    assert table(["A", "B"], []) == "| A   |   B |\n| --- | --: |"


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1)))
def test_whatever_the_cells_hold_each_line_has_the_same_columns(rows: list[list[str]]) -> None:
    escaped = [[markdown(cell) for cell in row] for row in rows]
    lines = table(escaped[0], escaped[1:]).split("\n")
    assert len(lines) == len(rows) + 1
    assert {columns(line) for line in lines} == {len(rows[0])}


@pytest.mark.parametrize(("text", "fence"), [("a", "```"), ("```", "````"), ("x\n````\ny", "`````")])
def test_nothing_in_a_code_block_ends_it(text: str, fence: str) -> None:
    assert fenced(text, "text") == f"{fence}text\n{text}\n{fence}"


def test_nothing_in_a_code_block_steers_a_terminal() -> None:
    assert fenced("a\x1b[2J\u202eb\nc", "text") == "```text\na?[2J?b\nc\n```"
