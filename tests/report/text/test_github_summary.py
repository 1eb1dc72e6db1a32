from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dawnbench.errors import DawnbenchError
from dawnbench.report.text.github_summary import add_to_step_summary, github_summary
from dawnbench.stats.regression.judgement import Judgement
from tests.export.judgements import JUDGEMENT, TIME, UNCOMPARABLE, judgements

MARKDOWN = MarkdownIt("commonmark").enable("table")


def tokens(judgement: Judgement) -> list[Token]:
    text = github_summary(judgement)
    text.encode("utf-8")
    return MARKDOWN.parse(text)


def count(found: list[Token], kind: str) -> int:
    return sum(token.type == kind for token in found)


def test_the_summary_of_a_judgement() -> None:
    assert github_summary(JUDGEMENT) == (
        "## dawnbench regress: regression\n\n"
        "Result for davidnet on NVIDIA H200, timed by the dawnbench rule: 20260203T040506Z-davidnet-abc123 "
        "against before.\n\n"
        "| Metric   |        Verdict |                     This run | Baseline |       Change |     p |\n"
        "| -------- | -------------: | ---------------------------: | -------: | -----------: | ----: |\n"
        "| time     |     regression | 2.650 s (2.625 s to 2.660 s) |  2.500 s |       +6.0 % | 0.001 |\n"
        "| epochs   |       too fast |                         6.00 |     9.50 |      -37.0 % | 1e-09 |\n"
        "| accuracy |          holds | 94.02 % (93.97 % to 94.08 %) |  94.05 % | -0.03 points |   0.7 |\n"
        "| energy   | not comparable |                            - |        - |            - |     - |\n\n"
        "- time: 2.65 s against 2.5 s, +6.0 %: more than the margin of 2 % (p = 0.001)\n"
        "- epochs: 6 epochs, too few to be true\n"
        "- accuracy: 94.02 %, -0.03 points: no loss shown beyond 0.1 points (p = 0.7)\n"
        "- energy: the run has no energy reading\n"
        "- note: the driver differs: 575 and 580\n"
    )


def test_where_nothing_could_be_compared_there_is_no_table_but_the_reason() -> None:
    found = tokens(UNCOMPARABLE)
    assert count(found, "table_open") == 0
    assert "- note: the data differs: cifar10 and cifar100\n" in github_summary(UNCOMPARABLE)
    assert "## dawnbench regress: not comparable" in github_summary(UNCOMPARABLE)


@given(judgements())
def test_whatever_a_judgement_holds_the_page_has_the_same_parts(judgement: Judgement) -> None:
    found = tokens(judgement)
    assert count(found, "heading_open") == 1
    assert count(found, "table_open") == bool(judgement.gates)
    assert count(found, "tr_open") == (len(judgement.gates) + 1 if judgement.gates else 0)
    assert count(found, "td_open") == 6 * len(judgement.gates)
    assert count(found, "list_item_open") == len(judgement.gates) + len(judgement.notes)
    inline = {child.type for token in found for child in token.children or ()}
    assert inline <= {"text", "text_special"}


@given(judgements())
def test_no_infinity_is_printed_as_a_figure(judgement: Judgement) -> None:
    quiet = replace(
        judgement,
        gates=tuple(replace(gate, sentence="") for gate in judgement.gates),
        **dict.fromkeys(("run", "baseline", "recipe_name", "device_name", "rule"), ""),
        notes=(),
    )
    text = github_summary(quiet)
    assert "inf" not in text
    assert "nan" not in text


def test_it_is_added_to_the_file_that_github_names(tmp_path: Path) -> None:
    path = tmp_path / "step" / "summary.md"
    environment = {"GITHUB_STEP_SUMMARY": str(path)}
    assert add_to_step_summary("first ±\n", environment)
    assert add_to_step_summary("second\n", environment)
    assert path.read_text(encoding="utf-8") == "\nfirst ±\n\nsecond\n"


@pytest.mark.parametrize("environment", [{}, {"GITHUB_STEP_SUMMARY": ""}])
def test_elsewhere_nothing_is_written(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not add_to_step_summary("text", environment)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=f"cannot add to {tmp_path}, which GITHUB_STEP_SUMMARY names"):
        add_to_step_summary(
            github_summary(replace(JUDGEMENT, gates=(TIME,))), {"GITHUB_STEP_SUMMARY": str(tmp_path)}
        )


def test_a_change_beyond_every_float_is_a_dash() -> None:
    huge = replace(JUDGEMENT, gates=(replace(JUDGEMENT.gates[0], change=1.7e308),))
    assert "|      - | 0.001 |" in github_summary(huge)
