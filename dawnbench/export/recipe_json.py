"""Recipes as JSON documents: all of them for `dawnbench list`, one in full for `dawnbench show`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.schema import SCHEMA_VERSION, ModelRecord


@dataclass(frozen=True, slots=True)
class ListedRecipe:
    """A recipe that comes with the package."""

    name: str
    target: float
    """Validation accuracy to reach, 0 to 1."""
    summary: str
    """What it is, in a line."""
    data: str
    """Name of the data set."""
    epochs: int
    """Per trial."""
    trials: int
    """As many as `dawnbench run` makes unless told otherwise."""


@dataclass(frozen=True, slots=True)
class ListedSeries:
    """Recipes that `dawnbench run` runs one after the other."""

    name: str
    recipes: tuple[str, ...]
    """Their names, in this order."""


@dataclass(frozen=True, slots=True)
class RecipesDocument:
    """What `dawnbench list --json` prints."""

    kind: Literal["dawnbench list"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    recipes: tuple[ListedRecipe, ...]
    series: tuple[ListedSeries, ...]


@dataclass(frozen=True, slots=True)
class RecipeDocument:
    """What `dawnbench show RECIPE --json` prints."""

    kind: Literal["dawnbench show recipe"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    name: str
    summary: str
    target: float
    """Validation accuracy to reach, 0 to 1."""
    digest: str
    """Of the resolved recipe without its name, summary, trials and write-up, as in run.json."""
    parts: dict[str, tuple[str, ...]]
    """By place in the recipe, the kinds of the parts that fill it."""
    settings: dict[str, Any]
    """Every key that `--set` takes, with its value."""
    model: ModelRecord
    peak_memory_bytes: dict[str, int | None]
    """Predicted for a trial with its data set, by where it runs (a CPU in fp32); null if unknown."""


def recipes_json(recipes: Iterable[ListedRecipe], series: Iterable[ListedSeries]) -> str:
    """Return all recipes as JSON, which list-v1.json describes."""
    document = RecipesDocument("dawnbench list", SCHEMA_VERSION, tuple(recipes), tuple(series))
    return as_json(asdict(document))


def recipe_json(document: RecipeDocument) -> str:
    """Return a recipe as JSON, which show-recipe-v1.json describes."""
    return as_json(finite(asdict(document)))
