"""A recipe, as run.json keeps it, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def part_names(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return what the parts of a list are called, by their kinds: numbered where one comes again, crop2."""
    counts = [kinds[: i + 1].count(kind) for i, kind in enumerate(kinds)]
    return tuple(
        kind if kind and count == 1 else f"{kind}{count}" for kind, count in zip(kinds, counts, strict=True)
    )


def with_current_names(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe from JSON with the current names, and without the analysis that older ones have."""
    renamed = _renamed(recipe, "deviation", "std")
    write_up = renamed.get("write_up")
    if isinstance(write_up, Mapping):
        renamed["write_up"] = {key: value for key, value in write_up.items() if key != "analysis"}
    return renamed


def with_original_names(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe under the names that digests were first computed from, so that they stay the same."""
    return _renamed(recipe, "std", "deviation")


def _renamed(recipe: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    dataset = recipe.get("dataset")
    if not isinstance(dataset, Mapping):
        return dict(recipe)
    return {**recipe, "dataset": {new if key == old else key: value for key, value in dataset.items()}}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf with its path, as `--set` names it; lists of figures are leaves too.

    A part in a list is named by `part_names`, and the list's own path gives the kinds in their order.
    """
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        names = part_names([str(item.get("kind", "")) if isinstance(item, Mapping) else "" for item in value])
        yield path, list(names)  # their order decides as well
        for name, item in zip(names, value, strict=True):
            yield from leaves(item, f"{path}.{name}")
    else:
        yield path, list(value) if isinstance(value, tuple) else value
