"""The page of a series, as text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dawnbench.report.site import build_site
from tests.cli.made_runs import made_run, trial


def test_a_missing_figure_says_why_it_is_missing(tmp_path: Path) -> None:
    untimed = replace(trial(1), seconds=trial(1).seconds | {"cold": None}, segments=trial(1).segments[1:])
    made = {
        "a": [trial(1), trial(2)],
        "b": [trial(1, epochs=None)],
        "c": [untimed],
        "d": [trial(1, epochs=None, status="diverged")],
    }
    for number, (name, recorded) in enumerate(made.items()):
        made_run(tmp_path / "runs" / name, recorded, created=f"2026-02-0{number + 1}T00:00:00+00:00")
    build_site(tmp_path / "runs", tmp_path / "site", processes=1)
    (page,) = (tmp_path / "site" / "series").glob("*.html")
    text = page.read_text()
    rows = text.split("<caption>All runs")[1].split("</table>")[0].split("<tr")[2:]
    diverged, untimed_row, missed, timed = rows
    assert (missed.count("missed"), "untimed" in missed) == (2, False)
    assert (untimed_row.count("untimed"), "missed" in untimed_row) == (1, False)
    assert diverged.count("diverged") >= 2
    assert "none ended" in diverged
    assert not any(word in timed for word in ("missed", "untimed", "diverged", "none ended"))
    assert "A dash: there is no earlier run to compare with" in text
