from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from dawnbench.safe_text import (
    csv_cell,
    encodable,
    figure_text,
    html,
    json_text,
    markdown,
    markdown_block,
    one_line,
    plain,
    plain_lines,
)

STEERING = "\x00\x07\x1b\x7f\x85\x9b\r\u200b\u200e\u200f\u2028\u202a\u202e\u2066\u2069\ud800\udcff"
ANYTHING = st.text(st.characters(exclude_categories=()) | st.sampled_from(STEERING + "\n\t=+-@#<|`[&"))
ON_ONE_LINE = [plain, one_line, markdown, markdown_block, html, figure_text]
ORDINARY = st.text(st.sampled_from("abc XYZ 0123 äöü 訓練 ±·° , . : ; / ( ) % \" ' ?"))


@pytest.mark.parametrize("safe", ON_ONE_LINE)
@given(text=ANYTHING)
def test_nothing_steers_and_all_can_be_written(safe: Callable[[str], str], text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize("safe", [plain, markdown, figure_text, csv_cell, encodable, plain_lines])
@given(text=ORDINARY)
def test_ordinary_text_stays_as_it_is(safe: Callable[[str], str], text: str) -> None:
    ordinary = " ".join(text.split())
    assert safe(ordinary) == ordinary


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb\nc", "a?[2Jb?c"),
        ("\u202eevil\u2066", "?evil?"),
        ("caf\udce9.npz", r"caf\xe9.npz"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_would_steer_a_terminal_is_a_question_mark_and_a_byte_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_lines_are_kept_where_they_are_wanted() -> None:
    assert plain_lines("a\x1b\nb\r\n") == "a?\nb?\n"
    assert one_line(" two\nlines\tand  spaces ") == "two lines and spaces"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain text 1.5 & more", "plain text 1.5 & more"),
        ("a|b", r"a\|b"),
        ("a\\|b", r"a\\\|b"),
        ("*bold* _it_ `code`", r"\*bold\* \_it\_ \`code\`"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("![link](x)", r"!\[link\](x)"),
        ("&#x202e;&lt;", r"\&#x202e;\&lt;"),
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("-", "-"),
    ],
)
def test_markup_in_a_text_is_made_harmless(text: str, escaped: str) -> None:
    assert markdown(text) == escaped


@given(ANYTHING)
def test_an_escaped_text_reads_as_before(text: str) -> None:
    assert re.sub(r"\\([\\`*_\[\]<>|&])", r"\1", markdown(text)) == one_line(text)


@pytest.mark.parametrize("text", ["# x", "- x", "+ x", "1. x", "12) x", "=", "~~~", "```", "> x", "\n# x"])
def test_no_block_begins_with_markup(text: str) -> None:
    assert not re.match(r"[#+=~>`-]|\d+[.)]", markdown_block(text))


def test_html_is_escaped_for_elements_and_attributes() -> None:
    assert html("<img src='x'>\x1b&\"") == "&lt;img src=&#39;x&#39;&gt;?&amp;&#34;"


@given(ANYTHING)
def test_a_label_is_drawn_as_it_is(text: str) -> None:
    label = Figure().text(0, 0, figure_text(text))
    shown, is_formula = label._preprocess_math(label.get_text())
    assert (shown, is_formula) == (plain(text), False)


def test_a_picture_with_any_label_is_well_formed() -> None:
    figure = Figure()
    figure.text(0, 0, figure_text(f"{STEERING} $\\frac$ -- <b> ]]>"))
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    ET.fromstring(drawn.getvalue())


# --- CSV, by OWASP's advice ---


@pytest.mark.parametrize("first", [*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_cell_that_a_spreadsheet_would_run_has_a_quote_before_it(first: str) -> None:
    assert csv_cell(f"{first}HYPERLINK(1)") == f"'{first}HYPERLINK(1)"


@given(ANYTHING)
def test_a_cell_reads_back_through_a_csv_file(text: str) -> None:
    cell = csv_cell(text)
    file = io.StringIO(newline="")
    csv.writer(file).writerow([cell, "end"])
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [cell, "end"]
    assert not cell.startswith(tuple("=+-@\t\r\n"))


# --- JSON ---


@given(st.dictionaries(ANYTHING, ANYTHING))
def test_json_is_whole_and_holds_what_can_be_written(content: dict[str, str]) -> None:
    read = json.loads(json_text(json.dumps(content, ensure_ascii=False)).encode("utf-8"))
    assert read == {encodable(key): encodable(value) for key, value in content.items()}
