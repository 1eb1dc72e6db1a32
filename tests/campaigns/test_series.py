"""How far a series comes when its runs end in different ways; no run is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.campaigns.series import EndedRun, EndedSeries, run_series, series_folder
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import Recipe, find_recipe

RECIPES = tuple(replace(find_recipe("quickstart"), name=name) for name in ("one", "two", "three"))


def ended(second: EndedRun | BaseException) -> EndedSeries:
    """Return the series whose first and third runs are done and whose second ends so."""

    def run_recipe(number: int, recipe: Recipe) -> EndedRun:
        assert recipe is RECIPES[number - 1]
        if number != 2:
            return EndedRun(Path(recipe.name), "done")
        if isinstance(second, BaseException):
            raise second
        return second

    return run_series(RECIPES, run_recipe)


def test_every_recipe_is_run_in_its_order() -> None:
    series = ended(EndedRun(Path("two"), "done"))
    assert series.folders == (Path("one"), Path("two"), Path("three"))
    assert (series.interrupted, series.diverged, series.failure, series.note) == (False, False, None, None)


def test_a_diverged_run_does_not_end_the_series() -> None:
    series = ended(EndedRun(Path("two"), "diverged"))
    assert len(series.folders) == 3
    assert series.diverged


@pytest.mark.parametrize(
    ("second", "folders"),
    [
        (EndedRun(Path("two"), "interrupted"), 2),
        (EndedRun(None, "interrupted"), 1),
        (KeyboardInterrupt(), 1),
    ],
)
def test_an_interrupt_ends_the_series_and_keeps_what_ran(
    second: EndedRun | BaseException, folders: int
) -> None:
    series = ended(second)
    assert series.interrupted
    assert len(series.folders) == folders
    assert series.note == f"{folders} of 3 models: the series ended before its last one."


def test_a_failure_ends_the_series_and_is_kept_beside_what_ran() -> None:
    failure = DawnbenchError("the disk is full; make room")
    series = ended(failure)
    assert series.failure is failure
    assert series.folders == (Path("one"),)
    assert not series.interrupted


def test_a_series_is_written_up_beside_its_first_run() -> None:
    first = Path("runs/20260101T000000Z-mnist-mlp-0123ab")
    assert series_folder("mnist-ladder", first) == Path("runs/20260101T000000Z-mnist-ladder-0123ab")
