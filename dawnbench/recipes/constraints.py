"""The types and bounds of recipe fields and seeds, checked by pydantic and reported in plain sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from types import GenericAlias, NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError

PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]
FractionBelowOne = Annotated[float, Field(ge=0, lt=1)]
"""For example a momentum, which at 1 would freeze a running average."""
FractionAboveZero = Annotated[float, Field(gt=0, le=1)]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]

WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null"}

IN_WORDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"}
"""Pydantic's error types that get a message of our own; for others, pydantic's message is used."""


def require(holds: bool, sentence: str) -> None:
    """Raise DawnbenchError with the sentence unless the condition holds."""
    if not holds:
        raise DawnbenchError(sentence)


def check_fields(instance: object, path: str = "") -> None:
    """Check a dataclass's fields strictly against their annotations, without converting values.

    A bound is a pydantic constraint: `Annotated[int, Field(ge=1)]`. `path` is the path of the dataclass
    within the recipe.

    Raises:
        DawnbenchError: a value has the wrong type or is out of bounds.
    """
    hints, adapter = _checked(type(instance))  # type: ignore[arg-type]  # a class is hashable
    try:
        adapter.validate_python(tuple(getattr(instance, name) for name in hints), strict=True)
    except ValidationError:
        for name, hint in hints.items():
            check(hint, getattr(instance, name), f"{path}.{name}" if path else name)
        raise  # unreachable, since one of the fields is invalid


def check(hint: Any, value: Any, path: str) -> None:
    """Check one value against an annotation, strictly.

    Raises:
        DawnbenchError: the value has the wrong type or is out of bounds.
    """
    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError as error:
        try:
            TypeAdapter(without_bounds(hint)).validate_python(value, strict=True)
        except ValidationError:
            raise wrong_type(hint, value, path, sequence="a tuple") from error
        problem = next((e for e in error.errors() if e["type"] not in IN_WORDS), None)
        said = f"is invalid: {problem['msg']}" if problem else f"must {_describe_bounds(hint)}"
        raise DawnbenchError(f"{path}={text(value)} {said}") from error


@cache
def _checked(cls: type) -> tuple[dict[str, Any], TypeAdapter[Any]]:
    """Return the annotations of a dataclass's fields, and one adapter for a tuple of their values."""
    hints = get_type_hints(cls, include_extras=True)
    own = {field.name: hints[field.name] for field in fields(cls)}
    return own, TypeAdapter(cast(Any, GenericAlias(tuple, tuple(own.values()))))


def without_bounds(hint: Any) -> Any:
    """Return a type without constraints, at any depth."""
    return get_type_hints(SimpleNamespace(__annotations__={"hint": hint}))["hint"]


def wrong_type(hint: Any, value: Any, path: str, sequence: str = "a list") -> DawnbenchError:
    """Return the error for a value of the wrong type; `sequence` is the word for a tuple."""
    expected = describe(hint, sequence)
    return DawnbenchError(f"{path}={text(value)} has the wrong type: it must be {expected}")


def describe(hint: Any, sequence: str = "a list") -> str:
    """Return a type in words; `sequence` is the word for a tuple."""
    arguments = get_args(hint)
    if get_origin(hint) is Annotated:
        return describe(arguments[0], sequence)
    if get_origin(hint) is Literal:
        return ("one of " if len(arguments) > 1 else "") + ", ".join(map(str, arguments))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(describe(argument, sequence) for argument in arguments)
    if get_origin(hint) is tuple:
        count = "" if Ellipsis in arguments else f" of {len(arguments)} entries"
        return f"{sequence}{count}, each {describe(arguments[0], sequence)}"
    if hint in WORDS or not isinstance(hint, type):
        return WORDS.get(hint, str(hint))
    return f"{'an' if hint.__name__[0] in 'AEIOU' else 'a'} {hint.__name__}"


def text(value: Any) -> str:
    """Return a value for use in a message: as JSON if possible."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, float):
        return float.__repr__(value)
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return repr(value)


def _describe_bounds(hint: Any) -> str:
    """Return the phrase that follows "must" for a value; empty for a type without bounds."""
    arguments = get_args(hint)
    if get_origin(hint) is Annotated:
        return _phrase(dict(_constraints(hint.__metadata__)))
    if get_origin(hint) in (Union, UnionType):
        phrase = next(filter(None, map(_describe_bounds, arguments)), "")
        return f"{phrase}, or null" if phrase and NoneType in arguments else phrase
    if get_origin(hint) is tuple:
        phrase = next(filter(None, map(_describe_bounds, arguments)), "")
        return f"each {phrase.replace('not be negative', 'be at least 0')}" if phrase else ""
    return ""


def _constraints(metadata: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the constraints that can be phrased, by name; `description` if the author gave one."""
    for item in metadata:
        for constraint in (item, *getattr(item, "metadata", ())):
            for name in ("description", "ge", "gt", "le", "lt", "allow_inf_nan"):
                value = getattr(constraint, name, None)
                if value is not None:
                    yield name, value


def _phrase(bounds: dict[str, Any]) -> str:
    if "description" in bounds:
        return f"be {bounds['description']}"
    if {"ge", "le"} <= set(bounds):
        return f"lie between {bounds['ge']} and {bounds['le']}"
    if bounds == {"ge": 0}:
        return "not be negative"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    limits = [f"{word} {bounds[name]}" for name, word in words.items() if name in bounds]
    if not limits and bounds.get("allow_inf_nan") is False:
        limits = ["a finite number"]
    return f"be {' and '.join(limits)}" if limits else ""


MAX_SEED = 2**63 - 1
"""torch accepts unsigned 64-bit seeds, and negative ones as aliases, but tables in Parquet, pandas and the
trackers' databases store signed 64-bit integers."""


def check_seeds(first: int, trials: int) -> None:
    """Check that every trial of a run has a valid seed; each trial's seed is one more than the last.

    Raises:
        DawnbenchError: the first is not a whole number from 0 to `MAX_SEED`, or the last is larger.
    """
    require(
        isinstance(first, int) and not isinstance(first, bool),
        f"seed={first!r} has the wrong type: it must be a whole number",
    )
    require(0 <= first <= MAX_SEED, f"seed={first} must lie between 0 and {MAX_SEED} (2**63 - 1)")
    last = first + trials - 1
    require(
        last <= MAX_SEED,
        f"seed={first} gives the last of {trials} trials the seed {last}, but the largest seed is {MAX_SEED} "
        "(2**63 - 1); start from a smaller seed",
    )
