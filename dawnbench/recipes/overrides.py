"""`--set key=value`: any leaf of a recipe, changed from the command line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast, get_type_hints

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe, check_type
from dawnbench.recipes.registry import Part, kind_of


def override(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Return the recipe with each `path.to.leaf=value` put in; values are JSON, or bare words for strings.

    A part in a tuple is named by its kind: `augmentation.cutout.size=12`.

    Raises:
        DawnbenchError: no `=`, an unknown key (the nearest is named), or a wrong type.
    """
    for setting in settings:
        path, separator, text = setting.partition("=")
        if not separator:
            raise DawnbenchError(f"--set {setting} has no value; write --set {setting}=VALUE")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        recipe = cast(Recipe, _put(recipe, path.split("."), value, path, recipe))
    return recipe


def _put(node: Any, keys: list[str], value: Any, path: str, recipe: Recipe) -> Any:
    key, rest = keys[0], keys[1:]
    if isinstance(node, tuple):
        kinds = [kind_of(part) for part in node]
        if key not in kinds or not rest:
            raise _unknown(path, recipe)
        changed = (
            _put(part, rest, value, path, recipe) if kind == key else part
            for kind, part in zip(kinds, node, strict=True)
        )
        return tuple(changed)
    if not _is_settings(node) or key not in {f.name for f in fields(node)}:
        raise _unknown(path, recipe)
    child = getattr(node, key)
    if rest:
        return replace(node, **{key: _put(child, rest, value, path, recipe)})
    hint = get_type_hints(type(node))[key]
    if value is None and type(None) in getattr(hint, "__args__", ()):
        return replace(node, **{key: None})
    if _has_leaves(child):
        raise DawnbenchError(
            f"--set {path} names a group; set one of its fields, such as {_leaves(child, path)[0]}"
        )
    return replace(node, **{key: check_type(hint, value, path)})


def _is_settings(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _has_leaves(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(isinstance(item, Part) for item in value)
    return _is_settings(value) and bool(fields(value))


def leaf_value(recipe: Recipe, path: str) -> Any:
    """Return the value of the leaf at a path of `leaf_paths`."""
    node: Any = recipe
    for key in path.split("."):
        node = next(p for p in node if kind_of(p) == key) if isinstance(node, tuple) else getattr(node, key)
    return node


def _leaves(node: Any, path: str) -> list[str]:
    if isinstance(node, tuple) and _has_leaves(node):
        return [leaf for part in node for leaf in _leaves(part, f"{path}.{kind_of(part)}")]
    if is_dataclass(node):
        return [leaf for f in fields(node) for leaf in _leaves(getattr(node, f.name), f"{path}.{f.name}")]
    return [path]


def leaf_paths(recipe: Recipe) -> list[str]:
    """Return the paths that `override` takes for this recipe."""
    return [leaf for f in fields(recipe) for leaf in _leaves(getattr(recipe, f.name), f.name)]


def _unknown(path: str, recipe: Recipe) -> DawnbenchError:
    paths = leaf_paths(recipe)
    near = difflib.get_close_matches(path, paths, n=1, cutoff=0.4)
    by_end = [p for p in paths if p.rpartition(".")[2] == path.rpartition(".")[2]]
    nearest = (by_end or near or ["a key that `dawnbench show` lists"])[0]
    return DawnbenchError(f"recipe {recipe.name} has no key {path!r}; did you mean {nearest}?")
