from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dawnbench.report.write_up.author_words import authors_words, counted, goal, listed, paragraphs, points
from tests.cli.made_runs import steers
from tests.report.write_up.models import model_run


def test_paragraphs_are_kept_and_lines_are_not() -> None:
    assert paragraphs("\n One\nline.\n\n \t\nTwo\r\n\r\nthree. \n") == ["One line.", "Two", "three."]


@pytest.mark.parametrize(
    "text",
    [
        "# x",
        "- x",
        "+ x",
        "1. x",
        "12) x",
        "> x",
        "~~~",
        "---",
        "===",
        "    code",
        "```",
        "<b>x</b>",
        "| a |",
    ],
)
def test_nothing_in_them_is_markup(text: str) -> None:
    (paragraph,) = paragraphs(text)
    kinds = [token.type for token in MarkdownIt().enable("table").parse(paragraph)]
    assert kinds == ["paragraph_open", "inline", "paragraph_close"]
    assert " ".join(text.split()) in MarkdownIt().render(paragraph).replace("&lt;", "<").replace("&gt;", ">")


@given(st.text(max_size=80))
def test_any_text_is_paragraphs_that_steer_no_terminal(text: str) -> None:
    for paragraph in paragraphs(text):
        assert not steers(paragraph)
        tokens = MarkdownIt().parse(paragraph)
        assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]


def test_words_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    for number, words in enumerate(({}, None, {"target": 3})):
        run = model_run(tmp_path / str(number), words=words)  # type: ignore[arg-type]
        assert authors_words(run, "target") == []
    run = model_run(tmp_path / "said", words={"target": "Be *good*."})
    assert authors_words(run, "target") == ["Be \\*good\\*."]
    assert authors_words(run, "analysis") == []


def test_figures_in_a_sentence() -> None:
    assert [points(0.0339), points(-0.0339)] == ["+3.39", "-3.39"]
    assert [goal(0.993), goal(0.9924), goal(0.94)] == ["99.3 %", "99.24 %", "94 %"]
    assert [counted(1, "epoch"), counted(0, "epoch")] == ["1 epoch", "0 epochs"]
    assert [listed([2]), listed([1, 3]), listed([1, 2, 4])] == [
        "trial 2",
        "trials 1 and 3",
        "trials 1, 2 and 4",
    ]
