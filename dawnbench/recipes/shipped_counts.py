"""What was counted of the package's own recipes and is shipped with it, so that showing one needs no torch.

`python -m dawnbench.engine.recipe_counts` writes the file, and a test fails if it is out of date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from dawnbench.data.sources.names import KNOWN_SHAPES, Shape
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.schema import ModelRecord

SHIPPED = Path(__file__).with_suffix(".json")


@dataclass(frozen=True, slots=True)
class RecipeCounts:
    """What training a recipe takes, counted without training it."""

    shape: Shape
    """Of the data set."""
    model: ModelRecord
    peak_bytes: dict[str, int | None]
    """Predicted peak memory of a trial, data set included, by where it runs ("a CPU in fp32"); None if it
    cannot be predicted."""


def shipped_counts(recipe: Recipe) -> RecipeCounts | None:
    """Return what was counted of a recipe with the same settings and data; None if it is not shipped.

    Valid only for the package's own parts: a user's file may define another part of the same kind.
    """
    from pydantic import TypeAdapter

    found = json.loads(SHIPPED.read_bytes()).get(recipe.digest())
    counts = None if found is None else TypeAdapter(RecipeCounts).validate_python(found)
    return counts if counts is not None and counts.shape == KNOWN_SHAPES.get(recipe.dataset.name) else None


def counts_to_json(counts: RecipeCounts) -> str:
    """Return what was counted of a recipe as JSON on one line."""
    return json.dumps(asdict(counts))


def counts_from_json(text: str) -> RecipeCounts:
    """Return what `counts_to_json` wrote."""
    from pydantic import TypeAdapter

    return TypeAdapter(RecipeCounts).validate_json(text)


def to_json(counted: Iterable[tuple[Recipe, RecipeCounts]]) -> str:
    """Return the content of the shipped file, with one line per recipe."""
    lines = (f"{json.dumps(recipe.digest())}: {counts_to_json(counts)}" for recipe, counts in counted)
    return "{\n" + ",\n".join(lines) + "\n}\n"
