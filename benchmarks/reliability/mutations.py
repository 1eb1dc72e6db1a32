"""Records of a run folder with one thing wrong in each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, -0.0, 1e-320, 1e308, -1e308),
    *(float("nan"), float("inf"), float("-inf"), 2**31, 2**63, -(2**63), 10**400),
    *("", "0", "1e999", "NaN", "\ud800", "\udcff", "\x00\x1b[31m\x07\u202e", "x" * 10_000),
    *("line\n# heading\n|cell|<img src=x onerror=alert(1)>", "=HYPERLINK(1)", "../../etc/passwd"),
    "%s%n{0}{name}$\\frac{",
    *([], {}, [None], [[]], {"": None}, {"kind": 5}, [0, "a", {}]),
)
"""Values that a careful writer never writes."""
DEEP = 900
"""Levels of a nested list; Python's parser takes some more, and other ways to read it fewer."""

Path = tuple[int | str, ...]


def mutated(record: Any, random: Random) -> Any:
    """Return a copy of parsed JSON with one random change at one random place."""
    copy = deepcopy(record)
    *way, last = random.choice(list(_places(record)))
    holder = copy
    for step in way:
        holder = holder[step]
    match random.randrange(10):
        case 0:
            del holder[last]
        case 1:
            holder[last] = [holder[last]]
        case 2:
            holder[last] = {"value": holder[last]}
        case 3 if isinstance(holder, dict):
            holder[f"{last}\u202e"] = holder.pop(last)
        case 4:
            holder[last] = _nested()
        case 5 if isinstance(holder[last], int | float) and not isinstance(holder[last], bool):
            holder[last] = holder[last] * random.choice((-1, 0, 1e6, 1e-9, 10**30))
        case _:
            holder[last] = random.choice(HOSTILE)
    return copy


def line(record: Any, random: Random) -> str:
    """Return a record as a line of JSON, now and then one that is torn, empty or not an object."""
    text = json.dumps(record)
    if random.random() < 0.02:
        text = random.choice((text[: len(text) // 2], "", "[]", "null", '"text"', "{", text + text))
    return text + "\n"


def _places(value: Any, way: Path = ()) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*way, key)
        yield from _places(item, (*way, key))


def _nested() -> Any:
    value: Any = 1
    for _ in range(DEEP):
        value = [value]
    return value
