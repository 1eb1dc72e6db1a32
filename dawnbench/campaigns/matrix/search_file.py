"""The table `[search]` of a campaign file, checked before anything runs.

[search]
candidates = 40
accuracy = "94%"                                   # the mean over a candidate's seeds; by default the target
rule = "airbench"                                  # of the time to minimise; by default dawnbench

[search.settings]
optimizer.momentum = {low = 0.5, high = 0.95}      # also log = true, or step = 0.05
schedule.rates = [0, {low = 0.1, high = 0.8}, 0]   # a range within a list
batch_size = {choices = [256, 512]}
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.overrides import adapt, leaf_paths, leaf_value
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.rules import RULES
from dawnbench.records.search import Parameter, SearchRecord, Value
from dawnbench.records.share import parse_accuracy

MAX_CANDIDATES = 2000
RANGE_KEYS, CHOICE_KEYS = {"low", "high", "step", "log"}, {"choices"}
EXAMPLE = "write {low = 0.5, high = 0.95} or {choices = [256, 512]}"

Written = Callable[[Any], str]
"""Turns a TOML value into what `--set` takes."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    candidates: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)]
    accuracy: str | int | float | None = None
    rule: str = RULES[0].name
    settings: Annotated[dict[str, Any], Field(min_length=1)]


@dataclass
class _Found:
    """What the settings of a search come to."""

    settings: list[str] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def read_search(
    table: Mapping[str, Any],
    recipe: Recipe,
    fixed: Sequence[str],
    decided: Mapping[str, str],
    written: Written,
    mistakes: list[str],
) -> SearchRecord | None:
    """Return what the table `[search]` asks for; None if it has mistakes, which are added, a sentence each.

    `fixed` are the settings that all candidates share, as `--set` takes them, and `decided` those that no
    campaign sets, with what to do instead; `written` turns a TOML value into what `--set` takes. Seeds and
    device are for the caller to set.
    """
    try:
        parsed = _Table.model_validate(table)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        mistakes += [f"search: {_mistake(problem)}" for problem in problems]
        return None
    found = _Found()
    if parsed.rule not in (names := [rule.name for rule in RULES if "startup" not in rule.required]):
        found.mistakes.append(f"search: rule={parsed.rule!r} is not one of {', '.join(names)}")
    accuracy = recipe.target
    if parsed.accuracy is not None:
        try:
            accuracy = parse_accuracy(parsed.accuracy, "search: accuracy=")
        except DawnbenchError as error:
            found.mistakes.append(str(error))
    try:
        recipe = adapt(recipe, fixed)
    except DawnbenchError as error:
        found.mistakes.append(f"{recipe.name}: {str(error).removeprefix('--set ')}")
    taken = {setting.partition("=")[0] for setting in fixed}
    for path, value in _leaves(parsed.settings):
        if path in decided:
            found.mistakes.append(f"search: {path} cannot be set: {decided[path]}")
            continue
        if path in taken:
            found.mistakes.append(f"{path} is both in settings and in search.settings; keep one of them")
        _read_setting(path, value, recipe, written, found)
    search = SearchRecord(
        recipe=recipe.name,
        device="auto",
        rule=parsed.rule,
        accuracy=accuracy,
        candidates=parsed.candidates,
        seeds=(0,),
        settings=(*fixed, *found.settings),
        parameters=tuple(found.parameters),
    )
    if not found.mistakes:
        _check_ends(search, recipe, found.mistakes)
    mistakes += found.mistakes
    return None if found.mistakes else search


def _mistake(problem: Any) -> str:
    key = ".".join(map(str, problem["loc"]))
    if problem["type"] == "missing":
        example = "candidates = 40" if key == "candidates" else "settings.batch_size = {choices = [256, 512]}"
        return f"{key} is missing; write {example}"
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}; it takes {', '.join(_Table.model_fields)}"
    said = problem["msg"].replace("Input should", "it should").replace("Dictionary should", "it should")
    return f"{key} is invalid: {said}"


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of nested tables by their whole path; a range or choices are a leaf."""
    for key, value in table.items():
        if isinstance(value, dict) and not _is_parameter(value):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _is_parameter(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.keys() & {"low", "high", "choices"})


def _read_setting(path: str, value: Any, recipe: Recipe, written: Written, found: _Found) -> None:
    if _is_parameter(value):
        _read_parameter(path, (), value, _current(recipe, path), written, found)
        found.settings.append(f"{path}=null")
        return
    before = len(found.parameters) + len(found.mistakes)
    template = _read_list(path, (), value, _current(recipe, path), written, found)
    if len(found.parameters) + len(found.mistakes) == before:
        found.mistakes.append(f"search: {path} has nothing to search; {EXAMPLE}")
        return
    try:
        found.settings.append(f"{path}={json.dumps(template)}")
    except (TypeError, ValueError):
        found.mistakes.append(f"search: {path} has a value that is not a number, text, true, false or a list")


def _read_list(
    path: str, places: tuple[int, ...], value: Any, current: Any, written: Written, found: _Found
) -> Any:
    """Return a list with null in the places of its parameters, which are added to those found."""
    if not isinstance(value, list):
        return value
    content: list[Any] = []
    for place, item in enumerate(value):
        inner = current[place] if isinstance(current, tuple) and place < len(current) else None
        if _is_parameter(item):
            _read_parameter(path, (*places, place), item, inner, written, found)
            content.append(None)
        else:
            content.append(_read_list(path, (*places, place), item, inner, written, found))
    return content


def _current(recipe: Recipe, path: str) -> Any:
    return leaf_value(recipe, path) if path in leaf_paths(recipe) else None


def _read_parameter(
    path: str, places: tuple[int, ...], table: dict[str, Any], current: Any, written: Written, found: _Found
) -> None:
    name = Parameter(path, places).name
    unknown = sorted(table.keys() - (CHOICE_KEYS if "choices" in table else RANGE_KEYS))
    if unknown:
        found.mistakes.append(f"search: {name} has the unknown key {unknown[0]!r}; {EXAMPLE}")
    elif "choices" in table:
        choices = table["choices"]
        if not isinstance(choices, list) or len(choices) < 2:
            found.mistakes.append(f"search: {name} needs at least two choices; {EXAMPLE}")
            return
        try:
            texts = tuple(json.dumps(choice) if places else written(choice) for choice in choices)
        except (TypeError, ValueError):
            found.mistakes.append(f"search: {name} has a choice that is not a number, text or a list")
            return
        found.parameters.append(Parameter(path, places, choices=tuple(dict.fromkeys(texts))))
    else:
        _read_range(path, places, table, current, name, found)


def _read_range(
    path: str, places: tuple[int, ...], table: dict[str, Any], current: Any, name: str, found: _Found
) -> None:
    step, log = table.get("step"), table.get("log")
    numbers: list[Any] = [table.get("low"), table.get("high"), *([] if step is None else [step])]
    low, high = numbers[:2]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        found.mistakes.append(f"search: {name} needs a low and a high end that are numbers; {EXAMPLE}")
        return
    if not all(map(math.isfinite, numbers)) or not low < high:
        found.mistakes.append(f"search: {name} must have low < high, not {low} and {high}")
        return
    if not isinstance(log, bool | None) or (log and (step is not None or low <= 0)):
        found.mistakes.append(f"search: {name}: log is true or false, and needs low > 0 and no step")
        return
    if step is not None and not 0 < step <= high - low:
        found.mistakes.append(f"search: {name}: step={step} must lie between 0 and high - low")
        return
    # A number of the recipe that may have a fraction is searched as one, even between whole ends.
    whole = all(isinstance(one, int) for one in numbers) and not isinstance(current, float)
    found.parameters.append(Parameter(path, places, low, high, step, bool(log), whole))


def _check_ends(search: SearchRecord, recipe: Recipe, mistakes: list[str]) -> None:
    """Check that the recipe accepts both ends of each range and every choice, the others at their first."""
    first: dict[str, Value] = {parameter.name: _ends(parameter)[0] for parameter in search.parameters}
    for parameter in search.parameters:
        for end in _ends(parameter):
            try:
                adapt(recipe, search.filled({**first, parameter.name: end}))
            except DawnbenchError as error:
                mistakes.append(f"search: {recipe.name}: {str(error).removeprefix('--set ')}")


def _ends(parameter: Parameter) -> Sequence[Value]:
    if parameter.choices:
        return parameter.choices
    return parameter.bounds


def own_values(search: SearchRecord, recipe: Recipe) -> dict[str, Value] | None:
    """Return the recipe's own values of the parameters; None if one is outside its range or choices."""
    adapted = adapt(recipe, [s for s in search.settings if s.partition("=")[0] not in _searched(search)])
    found: dict[str, Value] = {}
    for parameter in search.parameters:
        value = _current(adapted, parameter.path)
        try:
            for place in parameter.places:
                value = value[place]
        except (LookupError, TypeError):
            return None
        if parameter.choices:
            text = value if isinstance(value, str) and not parameter.places else json.dumps(value)
            if text not in parameter.choices:
                return None
            found[parameter.name] = text
        elif not isinstance(value, int | float) or not parameter.bounds[0] <= value <= parameter.bounds[1]:
            return None
        else:
            found[parameter.name] = value
    return found


def _searched(search: SearchRecord) -> set[str]:
    return {parameter.path for parameter in search.parameters}
