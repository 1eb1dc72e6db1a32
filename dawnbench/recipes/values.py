"""Strict conversion from JSON to the values of a recipe's fields."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.constraints import check, require, text, without_bounds, wrong_type
from dawnbench.recipes.part import Part, kinds, spec_of

Built = TypeVar("Built")
MAX_INTEGER = 2**53
"""Every whole number up to this one is exactly representable as a float."""


def from_json(cls: type[Built], data: Any, path: str) -> Built:
    """Build a dataclass from JSON types; `path` is its path within the recipe."""
    here = f"{path}." if path else ""
    require(isinstance(data, dict), f"{path or 'a recipe'} must be an object with fields, not {text(data)}")
    hints = get_type_hints(cls, include_extras=True)
    names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - names - ({"kind"} if issubclass(cls, Part) else set()))
    require(not unknown, f"{here}{unknown and unknown[0]} is not a field of {cls.__name__}")
    values = {name: value_from_json(hints[name], data[name], here + name) for name in names & set(data)}
    try:
        return cls(**values)
    except TypeError as error:
        raise DawnbenchError(f"{path or 'the recipe'} is missing a field: {error}") from error


def value_from_json(hint: Any, value: Any, path: str) -> Any:
    """Return a field's value from JSON types.

    Raises:
        DawnbenchError: it has the wrong type or is out of bounds.
    """
    role = role_of(hint)
    if role is not None:
        return _parts_from_json(hint, role, value, path)
    if is_dataclass(hint):
        return from_json(hint, value, path)  # type: ignore[arg-type]
    check_numbers(value, path)
    plain = without_bounds(hint)
    adapter = TypeAdapter(plain)
    try:
        if isinstance(value, str):  # a JSON parser rejects half a surrogate pair, which a path may contain
            result = adapter.validate_python(value, strict=True)
        else:
            result = adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raise wrong_type(hint, value, path) from error
    if plain != hint:
        check(hint, result, path)
    return result


def check_numbers(value: Any, path: str) -> None:
    """Check that JSON readers preserve all numbers exactly, including those in a list.

    Raises:
        DawnbenchError: a number is not finite, or an integer beyond `MAX_INTEGER`.
    """
    if isinstance(value, list):
        for item in value:
            check_numbers(item, path)
    elif isinstance(value, float):
        require(math.isfinite(value), f"{path}={text(value)} must be finite")
    elif isinstance(value, int):
        require(abs(value) <= MAX_INTEGER, f"{path} must be no larger than {MAX_INTEGER}")


def role_of(hint: Any) -> type[Part] | None:
    """Return the role of the part or parts that a field holds; None if it holds no parts."""
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint if issubclass(hint, Part) else None
    return next((role for role in map(role_of, get_args(hint)) if role is not None), None)


def _parts_from_json(hint: Any, role: type[Part], value: Any, path: str) -> Any:
    if value is None and NoneType in get_args(hint):
        return None
    if get_origin(hint) is tuple:
        require(isinstance(value, list), f"{path}={text(value)} must be a list of parts")
        return tuple(_part_from_json(role, item, f"{path}[{index}]") for index, item in enumerate(value))
    return _part_from_json(role, value, path)


def _part_from_json(role: type[Part], value: Any, path: str) -> Part:
    kind = value.get("kind") if isinstance(value, dict) else None
    spec = spec_of(kind) if isinstance(kind, str) else None
    if spec is None or not issubclass(spec, role):
        choices = ", ".join(kinds(role))
        raise DawnbenchError(
            f'{path}={text(value)} is not a part that fits here; write {{"kind": ...}} with one of {choices}'
        )
    return from_json(spec, value, path)
