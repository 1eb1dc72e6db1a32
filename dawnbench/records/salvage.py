"""Salvages a record with an impossible value in it: that value is left out, and the rest is kept.

The reader does this to what it finds and the writer to what it is about to write, by the same rules, so that
no version refuses a run folder that it wrote itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError

from dawnbench.records.schema import EpochRecord, RunRecord, Segment, TrialRecord

Record = TypeVar("Record", EpochRecord, TrialRecord, RunRecord)

WHOLE = frozenset({"segments", "learning_rates"})
"""Fields that mean nothing with an element missing: they are left out entirely."""
MAX_LOST = 50
"""Values left out of one record; with more, it does not count as a record."""
MAX_DEPTH = 50
"""Levels of nested lists and objects, so that a record can be walked recursively."""
MAX_SHOWN = 40
"""Characters of a value quoted in a sentence."""


@dataclass(frozen=True, slots=True)
class TrialWithoutLedger(TrialRecord):
    """A trial without its segments, which are most of what is recorded."""

    segments: tuple[Segment, ...] = field(init=False, default=())


_Place = tuple[int | str, ...]
_ABSENT = object()


def _consistent(record: Record) -> Record:
    if isinstance(record, EpochRecord):
        if record.train_correct > record.train_images:
            raise ValueError("train_correct is more than train_images")
        if record.validation_correct > record.validation_images:
            raise ValueError("validation_correct is more than validation_images")
        if record.validation_top5 is not None and record.validation_top5 > record.validation_images:
            raise ValueError("validation_top5 is more than validation_images")
    return record


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the validator for a record or a list of records: slow to make, quick to use."""
    return TypeAdapter(Annotated[EpochRecord, AfterValidator(_consistent)] if kind is EpochRecord else kind)


def parse(kind: type[Record], lines: Sequence[bytes]) -> list[Record] | None:
    """Return the records on complete lines of JSON; None if a value or a line is invalid."""
    # All at once, which takes half the time of line by line.
    array = b"[" + b",".join(lines) + b"]"
    try:
        records: list[Record] = _adapter(list[kind]).validate_json(array)  # type: ignore[valid-type]
        if kind is EpochRecord:
            for record in records:
                _consistent(record)
    except ValueError:
        return None
    return records if len(records) == len(lines) else None


def parse_json(text: bytes) -> Any:
    """Parse JSON, with infinity for an integer of more digits than Python reads.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, parse_int=_whole_number)


def _whole_number(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        return float(digits)


def salvage(kind: type[Record], content: Any) -> tuple[Record | None, list[str]]:
    """Return the record that parsed JSON holds, and a clause for each value that had to be left out.

    The record is None if a required value is impossible and cannot be left out, such as a trial's number.
    """
    content, too_deep = _pruned(content, MAX_DEPTH)
    lost = ["a value is nested too deeply"] if too_deep else []
    adapter = _adapter(kind)  # type: ignore[arg-type]  # mypy asks the class for what its records have
    while True:
        try:
            return adapter.validate_python(content), lost
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False)
        place = problems[0]["loc"]
        clause = _clause(problems[0])
        content = _without(adapter, content, place, len(problems)) if len(lost) < MAX_LOST else None
        lost.append(clause)
        if content is None:
            return None, lost


def _pruned(value: Any, levels: int) -> tuple[Any, bool]:
    """Return parsed JSON with null for anything nested deeper, and whether there was any."""
    if not isinstance(value, dict | list) or not value:
        return value, False
    if not levels:
        return None, True
    if isinstance(value, dict):
        pairs = {key: _pruned(item, levels - 1) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, any(deep for _, deep in pairs.values())
    items = [_pruned(item, levels - 1) for item in value]
    return [item for item, _ in items], any(deep for _, deep in items)


def _without(adapter: TypeAdapter[Any], content: Any, place: _Place, problems: int) -> Any:
    """Return the content with as little as possible removed to fix the problem; None if nothing does."""
    depth = 1 if place and place[0] in WHOLE else len(place)
    for end in range(depth, 0, -1):
        for changed in _edited(content, place[:end]):
            left = _places(adapter, changed)
            # In a list the next element has moved to this place.
            still_there = not isinstance(place[end - 1], int) and any(p[:end] == place[:end] for p in left)
            if len(left) < problems and not still_there:
                return changed
    return None


def _edited(content: Any, place: _Place) -> Iterator[Any]:
    """Yield copies of the content with null, nothing, an empty list or an empty object at the place."""
    for stand_in in (None, _ABSENT, [], {}):
        copy = deepcopy(content)
        try:
            inner = copy
            for step in place[:-1]:
                inner = inner[step]
            if stand_in is _ABSENT:
                del inner[place[-1]]
            else:
                inner[place[-1]] = stand_in
        except (LookupError, TypeError):
            continue
        yield copy


def _places(adapter: TypeAdapter[Any], content: Any) -> list[_Place]:
    try:
        adapter.validate_python(content)
    except ValidationError as error:
        return [problem["loc"] for problem in error.errors(include_url=False, include_context=False)]
    return []


def _clause(problem: Any) -> str:
    if problem["type"] == "value_error":
        return f"{problem['msg'].removeprefix('Value error, ')}, which is not possible"
    where = ".".join(str(step)[:MAX_SHOWN] for step in problem["loc"]) or "the record"
    if problem["type"] == "missing":
        return f"{where} is missing"
    return f"{where} is {_shortened(problem['input'])}, which is not possible"


def _shortened(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**MAX_SHOWN:
        return "an integer of more than 40 digits"
    text = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else ascii(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
