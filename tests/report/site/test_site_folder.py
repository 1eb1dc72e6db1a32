from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from dawnbench.records.identity import RunIdentity
from dawnbench.report.site.site_folder import comparison_page, file_name, run_page, series_page

ANY = st.text(st.characters(), max_size=300)


@given(ANY)
def test_whatever_a_run_is_called_its_page_is_a_plain_file_name(name: str) -> None:
    for page in (
        run_page(name),
        comparison_page(name, "previous"),
        series_page(RunIdentity(name, 1, name, name, "", name, (), name, name)),
    ):
        assert re.fullmatch(r"[a-z]+/[A-Za-z0-9_][A-Za-z0-9_-]*\.html", page)
        assert len(page) < 150


@given(ANY, ANY)
def test_two_names_are_two_files(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) == (one == other)


def test_a_usual_name_is_kept() -> None:
    assert run_page("20260203T040506Z-davidnet-abcdef") == "runs/20260203T040506Z-davidnet-abcdef.html"
