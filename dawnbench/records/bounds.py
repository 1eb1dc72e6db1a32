"""Which values a run folder may hold: finite, bounded, and positive if anything is divided by them.

Values within these bounds overflow in no reader. Pydantic validates them (`records.salvage`); it is not
imported here because it is slow to load and listing runs does without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt
from typing_extensions import TypedDict

MAX_COUNT = 2**63 - 1
"""The largest 64-bit integer."""
MAX_FIGURE = 1e12
"""Seconds or joules; a larger value means a damaged file."""
MAX_READING = 1e18
"""Of a sensor, some of which count bytes."""
MAX_SINGLE = 1e39
"""Above the largest number in single precision, in which losses are computed."""
MAX_NANOSECONDS = 10**18
"""32 years."""
MAX_FLOPS = 10**30

Count = Annotated[int, Ge(0), Le(MAX_COUNT)]
Ordinal = Annotated[int, Ge(1), Le(MAX_COUNT)]
"""A number counted from 1, or a count of at least one."""
Seed = Annotated[int, Ge(0), Lt(2**64)]
Flops = Annotated[int, Ge(0), Le(MAX_FLOPS)]
Nanoseconds = Annotated[int, Ge(0), Le(MAX_NANOSECONDS)]
SignedNanoseconds = Annotated[int, Ge(-MAX_NANOSECONDS), Le(MAX_NANOSECONDS)]

Seconds = Annotated[float, Ge(0), Le(MAX_FIGURE)]
TimeToTarget = Annotated[float, Gt(0), Le(MAX_FIGURE)]
"""In seconds; no training takes zero time."""
Joules = Annotated[float, Ge(0), Le(MAX_FIGURE)]
Rate = Annotated[float, Ge(-MAX_SINGLE), Le(MAX_SINGLE)]
Loss = Annotated[float, Ge(-MAX_SINGLE), Le(MAX_SINGLE)]
SensorValue = Annotated[float, Ge(-MAX_READING), Le(MAX_READING)]
Fraction = Annotated[float, Ge(0), Le(1)]


class _AnyText:
    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.json_or_python_schema(
            json_schema=core_schema.str_schema(), python_schema=core_schema.is_instance_schema(str)
        )


Text = Annotated[str, _AnyText()]
"""Any text, including the lone surrogates with which Python keeps bytes of a path that are not UTF-8."""

Tags = dict[Text, Text]
"""A user's own labels for a run, by key."""


@dataclass(frozen=True)
class _CheckedAs:
    """Lets pydantic check the keys of a dictionary that a shape names; any others stay as they are.

    Pydantic's own way to allow extra keys rejects the whole dictionary if a key holds a lone surrogate.
    """

    shape: Any

    def __get_pydantic_core_schema__(self, _source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        known = self.shape.__annotations__.keys()

        def check(value: Any, validate: Any) -> Any:
            if not isinstance(value, dict):
                return validate(value)
            return {**value, **validate({key: item for key, item in value.items() if key in known})}

        return core_schema.no_info_wrap_validator_function(check, handler(self.shape))


# Extra keys are allowed, as the published schema says.
_MORE = {"extra": "allow"}


class _Git(TypedDict, total=False):
    __pydantic_config__ = _MORE  # type: ignore[misc]
    commit: Text
    dirty: bool


class _Environment(TypedDict, total=False):
    __pydantic_config__ = _MORE  # type: ignore[misc]
    packages: dict[str, Text | None]
    cpu: dict[str, Any]
    gpu: dict[str, Any]
    git: Annotated[dict[str, Any], _CheckedAs(_Git)] | None


class _Named(TypedDict, total=False):
    __pydantic_config__ = _MORE  # type: ignore[misc]
    name: Text


class _Batched(TypedDict, total=False):
    __pydantic_config__ = _MORE  # type: ignore[misc]
    batch_size: Ordinal


class _Recipe(TypedDict, total=False):
    __pydantic_config__ = _MORE  # type: ignore[misc]
    epochs: Ordinal
    batch_size: Ordinal
    drop_last: bool
    summary: Text
    dataset: Annotated[dict[str, Any], _CheckedAs(_Named)]
    evaluation: Annotated[dict[str, Any], _CheckedAs(_Batched)]


Environment = Annotated[dict[str, Any], _CheckedAs(_Environment)]
"""A machine and its software; the values that readers use have the type they expect, or are absent."""
RecipeSettings = Annotated[dict[str, Any], _CheckedAs(_Recipe)]
"""A complete recipe; the values that readers use have the type they expect, or are absent."""


def finite(value: Any) -> Any:
    """Return JSON types with None for each number that is not finite, since JSON has no such numbers."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
