"""`--set key=value`: any leaf of a recipe, changed from the command line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from types import NoneType
from typing import Any, cast, get_args, get_type_hints

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.constraints import without_bounds
from dawnbench.recipes.part import Part, kind_of, kinds
from dawnbench.recipes.recipe import Recipe, Target
from dawnbench.recipes.values import role_of, value_from_json
from dawnbench.records.leaves import leaves as json_leaves
from dawnbench.records.leaves import part_names
from dawnbench.records.share import parse_accuracy

NOT_CHANGES = ("name", "summary", "trials", "write_up.target", "changed")
"""Settings that decide nothing about the training."""


@dataclass(frozen=True)
class _Setting:
    path: str
    keys: tuple[str, ...]
    """The rest of the path below the current node."""
    text: str

    def below(self) -> _Setting:
        return replace(self, keys=self.keys[1:])

    def value(self, hint: Any) -> Any:
        if hint == Target and self.text.endswith("%"):
            return parse_accuracy(self.text, f"{self.path}=")
        try:
            value = json.loads(self.text)
        except (ValueError, RecursionError):
            return self.text
        # A folder may be called 123.
        return self.text if without_bounds(hint) is str and not isinstance(value, str) else value


def override(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Return the recipe with each `path.to.leaf=value` applied; values are JSON, or bare words for strings.

    All are applied together, so that values that must agree can be changed at once. A part in a tuple is
    named by its kind, `augmentation.cutout.size=12`, and the second one of a kind as `cutout2`.

    Raises:
        DawnbenchError: no `=`, an unknown key (the nearest is named), or a wrong type or value.
    """
    parsed = [_parse(setting) for setting in settings]
    return cast(Recipe, _put(recipe, parsed, recipe)) if parsed else recipe


def adapt(recipe: Recipe, settings: Iterable[str] = (), *, data: str | None = None, **leaves: Any) -> Recipe:
    """Return the recipe with settings, another data set and leaves applied; None keeps a value.

    Raises:
        DawnbenchError: as for `override`, or the recipe does not accept a leaf's value.
    """
    resolved = override(recipe, settings)
    given = {name: value for name, value in leaves.items() if value is not None}
    if data is not None:
        # The recipe's color statistics belong to its own data.
        given["dataset"] = replace(resolved.dataset, name=data, mean=None, std=None)
    adapted = replace(resolved, **given)
    if adapted.digest() == recipe.digest():
        return adapted
    return replace(adapted, changed=_changes(recipe, adapted))


def _changes(recipe: Recipe, adapted: Recipe) -> tuple[str, ...]:
    """Return `path=value` for each setting that differs, after those changed before."""
    before, after = dict(json_leaves(recipe.to_dict())), dict(json_leaves(adapted.to_dict()))
    earlier = dict(change.split("=", 1) for change in recipe.changed)
    differing = [path for path in after if path not in NOT_CHANGES and after[path] != before.get(path)]
    if adapted.dataset.name != recipe.dataset.name:
        # Its statistics are measured, which goes without saying.
        differing = [path for path in differing if path not in ("dataset.mean", "dataset.std")]
    shown = {path: _shown(after[path]) for path in differing}
    return tuple(f"{path}={value}" for path, value in {**earlier, **shown}.items())


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    # A path may have bytes that are not UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _parse(setting: str) -> _Setting:
    path, separator, text = setting.partition("=")
    if not separator:
        raise DawnbenchError(f"--set {setting} has no value; write --set {setting}=VALUE")
    return _Setting(path, tuple(path.split(".")), text)


def _put(node: Any, settings: list[_Setting], recipe: Recipe) -> Any:
    """Return the node with all settings below it applied."""
    if isinstance(node, tuple):
        return _put_into_tuple(node, settings, recipe)
    hints = get_type_hints(type(node), include_extras=True) if is_dataclass(node) else {}
    changed: dict[str, Any] = {}
    for key in dict.fromkeys(setting.keys[0] for setting in settings):
        own = [setting for setting in settings if setting.keys[0] == key]
        if key not in hints:
            raise _unknown(own[0].path, recipe)
        child = getattr(node, key)
        deeper = [setting.below() for setting in own if len(setting.keys) > 1]
        for setting in own:
            if len(setting.keys) == 1:
                child = _leaf(hints[key], child, setting)
        changed[key] = _put(child, deeper, recipe) if deeper else child
    try:
        return replace(node, **changed)
    except (TypeError, ValueError) as error:  # a custom part may reject a value with either
        raise DawnbenchError(f"--set {settings[0].path}: {error}") from error


def _put_into_tuple(parts: tuple[Any, ...], settings: list[_Setting], recipe: Recipe) -> Any:
    names = _names(parts)
    for setting in settings:
        if setting.keys[0] not in names or len(setting.keys) == 1:
            raise _unknown(setting.path, recipe)
    belonging = [[s.below() for s in settings if s.keys[0] == name] for name in names]
    return tuple(_put(part, own, recipe) if own else part for part, own in zip(parts, belonging, strict=True))


def _leaf(hint: Any, current: Any, setting: _Setting) -> Any:
    value = setting.value(hint)
    names_parts = role_of(hint) is not None
    is_whole = isinstance(value, dict | list) or (value is None and NoneType in get_args(hint))
    if (names_parts or is_dataclass(current)) and not is_whole:
        raise DawnbenchError(
            f"--set {setting.path} is a group of fields; {_advice(hint, current, setting.path)}"
        )
    return value_from_json(hint, value, setting.path)


def _advice(hint: Any, current: Any, path: str) -> str:
    inner = [leaf for leaf in leaves(current, path) if leaf != path]
    if inner:
        return f"set one of its fields, such as {inner[0]}"
    role = role_of(hint)
    choices = ", ".join(kinds(role)) if role else ""
    return f'set a whole part, as {path}={{"kind": ...}} with one of {choices}'


def leaf_value(recipe: Recipe, path: str) -> Any:
    """Return the value of the leaf at a path of `leaf_paths`."""
    node: Any = recipe
    for key in path.split("."):
        node = node[_names(node).index(key)] if isinstance(node, tuple) else getattr(node, key)
    return node


def leaves(node: Any, path: str) -> list[str]:
    """Return the paths of the leaves below a node."""
    if isinstance(node, tuple) and any(isinstance(item, Part) for item in node):
        below = zip(_names(node), node, strict=True)
        return [leaf for name, part in below for leaf in leaves(part, f"{path}.{name}")]
    if is_dataclass(node):
        return [leaf for f in fields(node) for leaf in leaves(getattr(node, f.name), f"{path}.{f.name}")]
    return [] if node == () else [path]


def _names(parts: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the names of the parts of a tuple, as in the records; for other tuples, nothing."""
    return part_names([kind_of(part) for part in parts]) if all(isinstance(p, Part) for p in parts) else ()


def leaf_paths(recipe: Recipe) -> list[str]:
    """Return the paths that `override` takes for this recipe."""
    return [
        leaf
        for f in fields(recipe)
        if f.name != "changed"
        for leaf in leaves(getattr(recipe, f.name), f.name)
    ]


def _unknown(path: str, recipe: Recipe) -> DawnbenchError:
    paths = leaf_paths(recipe)
    near = difflib.get_close_matches(path, paths, n=1, cutoff=0.4)
    by_end = [p for p in paths if p.rpartition(".")[2] == path.rpartition(".")[2]]
    nearest = (by_end or near or ["a key that `dawnbench show` lists"])[0]
    return DawnbenchError(f"recipe {recipe.name} has no key {path!r}; did you mean {nearest}?")
