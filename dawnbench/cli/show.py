"""A recipe as resolved, in words."""

from __future__ import annotations

import json
from dataclasses import fields

from dawnbench.cli import kept_text
from dawnbench.data.sources.names import KNOWN_SHAPES
from dawnbench.recipes import Recipe
from dawnbench.recipes.overrides import leaf_paths, leaf_value
from dawnbench.recipes.part import Part, kind_of
from dawnbench.report.status_line import waiting_for


def describe_recipe(recipe: Recipe, shipped: bool) -> str:
    """Return every key as `--set` takes it, the layers, the parameters and the FLOPs.

    With `shipped`, no code of the user's has to do with the recipe: what is said of it once is kept for the
    next time, which then needs no torch. Data sets that must be read to know their shape keep nothing.
    """
    keys = "\n".join(f"{path}={json.dumps(leaf_value(recipe, path))}" for path in leaf_paths(recipe))
    named = f"{_parts(recipe)}\n\n{keys}\n\ndigest {recipe.digest()}"
    path = kept_text.path_for(recipe) if shipped and recipe.dataset.name in KNOWN_SHAPES else None
    text = None if path is None else kept_text.recall(path)
    if text is None:
        with waiting_for("loading torch"):
            from dawnbench.cli.show_model import model_and_memory
        with waiting_for(f"building {recipe.name}"):
            text = model_and_memory(recipe)
        if path is not None:
            kept_text.keep(path, text)
    return f"{named}\n\n{text}"


def _parts(recipe: Recipe) -> str:
    """Return a line a place with the kinds of part that fill it; a part may have no key to show itself by."""
    lines = []
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        if parts and all(isinstance(part, Part) for part in parts):
            lines.append(f"{field.name}: {', '.join(kind_of(part) for part in parts)}")
    return "\n".join(lines)
