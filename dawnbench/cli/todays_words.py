"""An author's words as they stand today, for runs that are older than them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dawnbench.recipes import Recipe, find_recipe, list_recipes
from dawnbench.records.reader import Run


def with_todays_words(runs: Sequence[Run], recipes: Sequence[str]) -> list[Run]:
    """Return the runs with the write-up that their recipe has now, as an analysis is written behind a run.

    A run's recipe is the one of its name, among the package's and those of `recipes` (names or files), that
    is otherwise still what was run; a run without one keeps its own words.

    Raises:
        DawnbenchError: there is no such recipe.
    """
    known = {recipe.name: recipe for recipe in [*list_recipes(), *map(find_recipe, recipes)]}
    return [_with_words_of(known.get(run.record.recipe_name), run) for run in runs]


def _with_words_of(recipe: Recipe | None, run: Run) -> Run:
    if recipe is None or recipe.digest() != run.record.recipe_digest:
        return run
    words = recipe.to_dict().get("write_up")
    if words is None:
        return run
    return replace(run, record=replace(run.record, recipe={**run.record.recipe, "write_up": words}))
