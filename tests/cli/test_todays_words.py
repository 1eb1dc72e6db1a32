"""A write-up takes the author's words as they stand when it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.recipes import WriteUp, find_recipe
from tests.cli.made_runs import invoke
from tests.records.full_runs import full_run

MINE = """
from dataclasses import replace
from dawnbench.recipes import WriteUp, find_recipe
recipe = replace(find_recipe("quickstart"), name="mine", write_up=WriteUp(analysis="Written the day after."))
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a run of the recipe `mine`, whose words were others when it was run."""
    folder = full_run(tmp_path / "run")
    recipe = replace(find_recipe("quickstart"), name="mine", write_up=WriteUp(analysis="Said beforehand."))
    changed = {"recipe_name": "mine", "recipe": recipe.to_dict(), "recipe_digest": recipe.digest()}
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | changed))
    return folder


def written(run: Path, *options: str) -> str:
    status, out, err = invoke("report", run, "--style", "writeup", "-o", "-", *options)
    assert status == 0, err
    return out


def test_without_the_recipe_at_hand_the_run_keeps_its_words(run: Path) -> None:
    assert "Said beforehand." in written(run)


def test_todays_words_of_the_same_recipe_are_taken(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    text = written(run, "--recipe", str(tmp_path / "mine.py"))
    assert "Written the day after." in text
    assert "Said beforehand." not in text


def test_the_words_of_a_recipe_that_has_changed_are_about_something_else(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE.replace('name="mine"', 'name="mine", epochs=9'))
    assert "Said beforehand." in written(run, "--recipe", str(tmp_path / "mine.py"))


def test_a_recipe_without_words_takes_none_away(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE.replace('WriteUp(analysis="Written the day after.")', "WriteUp()"))
    assert "Said beforehand." in written(run, "--recipe", str(tmp_path / "mine.py"))


def test_words_are_refused_where_no_write_up_is_written(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    status, _, err = invoke("report", run, "-o", "-", "--recipe", tmp_path / "mine.py")
    assert status != 0
    assert "add --style writeup" in err


def test_a_recipe_that_is_not_there_is_named(run: Path, tmp_path: Path) -> None:
    status, _, err = invoke("report", run, "--style", "writeup", "--recipe", tmp_path / "no.py")
    assert status != 0
    assert "no.py" in err
    assert len(err.strip().splitlines()) == 1
