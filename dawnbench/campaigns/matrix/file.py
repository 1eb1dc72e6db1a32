"""Campaign files: TOML that says which recipes to run with which settings, seeds and devices.

A list in `[settings]` is several values, of which every combination is run: docs/campaigns.md has an example.
With a table `[search]`, Optuna chooses settings instead (`search_file`).
"""

from __future__ import annotations

import difflib
import json
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dawnbench.campaigns.matrix.search_file import own_values, read_search
from dawnbench.engine.device_names import check_device_name
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.recipes.constraints import MAX_SEED, text
from dawnbench.recipes.overrides import adapt
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.campaign import RunRequest
from dawnbench.records.files import DOCUMENT_LIMIT, read_bytes
from dawnbench.records.search import SearchRecord, Value

MAX_REQUESTS = 20_000
"""Of one campaign; a seed list of a thousand digits must not fill the memory."""
RECIPE_LIMIT = 4_000_000
"""Bytes of a recipe's file."""
DECIDED = {"trials": "each request is one trial; give more seeds", "name": "the recipe keeps its name"}
"""Settings that a campaign decides itself, and what to do instead."""


class CampaignFileError(DawnbenchError):
    """A campaign file with mistakes, one sentence each."""

    def __init__(self, path: Path, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(f"{path}: {mistake}" for mistake in dict.fromkeys(mistakes))
        super().__init__("; ".join(self.mistakes))


@dataclass(frozen=True, slots=True)
class PlannedSearch:
    """A search for the best settings of one recipe on one device."""

    record: SearchRecord
    first: Mapping[str, Value] | None
    """The recipe's own values, which make the first candidate; None if they are outside the ranges."""


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a campaign file asks for."""

    name: str
    requests: tuple[RunRequest, ...]
    """In the order in which they start: all combinations of one seed before the next seed."""
    recipes: Mapping[str, bytes]
    """The content of the recipe files, by path below the campaign file's folder."""
    devices: tuple[str, ...] = ()
    search: PlannedSearch | None = None
    """Adds requests as it goes; None if there are none besides the planned ones."""

    @property
    def searched(self) -> SearchRecord | None:
        """What the search is recorded as."""
        return None if self.search is None else self.search.record


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _seeds(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= MAX_REQUESTS:
            raise ValueError(f"must lie between 1 and {MAX_REQUESTS}, or be a list of seeds")
        return list(range(value))
    return value


Names = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=r"^\w[\w.\-]*$")] | None = None
    recipes: Names
    seeds: Annotated[
        list[Annotated[int, Field(ge=0, le=MAX_SEED)]], BeforeValidator(_seeds), Field(min_length=1)
    ] = [0]
    devices: Names = ["auto"]
    settings: dict[str, Any] = {}
    search: dict[str, Any] | None = None


EXAMPLES = {"recipes": 'recipes = ["quickstart"]'}


def load_campaign_file(path: Path, running: Callable[[Sequence[str]], None]) -> CampaignPlan:
    """Read a campaign file, and check every combination of its recipes and settings.

    `running` gets the recipe files that it names before their code is run.

    Raises:
        CampaignFileError: it has mistakes.
        DawnbenchError: it cannot be read.
    """
    file = _parsed(path)
    mistakes: list[str] = []
    recipes = _recipe_files(path, file.recipes, mistakes)
    if recipes and not mistakes:
        running(list(recipes))
    for device in file.devices:
        _collect(mistakes, lambda device=device: check_device_name(device))  # type: ignore[misc]
    combinations = _combinations(file.settings, mistakes)
    if file.search is not None:
        search = None if mistakes else _search(path, file, combinations, mistakes)
        if search is None:
            raise CampaignFileError(path, mistakes)
        return CampaignPlan(file.name or path.stem, (), recipes, tuple(file.devices), search)
    count = len(file.recipes) * len(combinations) * len(file.seeds) * len(file.devices)
    if count > MAX_REQUESTS:
        mistakes.append(f"it asks for {count:,} trials; a campaign has at most {MAX_REQUESTS:,}")
    if not mistakes:
        for name in file.recipes:
            _check_recipe(path, name, combinations, mistakes)
    if mistakes:
        raise CampaignFileError(path, mistakes)
    requests = (
        RunRequest(_posix(name), settings, seed, device)
        for seed, device, name, settings in product(file.seeds, file.devices, file.recipes, combinations)
    )
    return CampaignPlan(file.name or path.stem, tuple(dict.fromkeys(requests)), recipes, tuple(file.devices))


def _search(
    path: Path, file: _File, combinations: Sequence[tuple[str, ...]], mistakes: list[str]
) -> PlannedSearch | None:
    """Return what the table `[search]` asks for; None if it has mistakes, which are added."""
    for several, what in ((file.recipes, "recipe"), (file.devices, "device"), (combinations, "combination")):
        if len(several) != 1:
            of = " of settings" if what == "combination" else ""
            mistakes.append(f"a search compares times, so it takes one {what}{of}, not {len(several)}")
    assert file.search is not None
    name = file.recipes[0]
    recipe = None if mistakes else _recipe(path, name, mistakes)
    if recipe is None:
        return None
    record = read_search(file.search, recipe, combinations[0], DECIDED, _written, mistakes)
    if record is None:
        return None
    seeds = tuple(dict.fromkeys(file.seeds))
    record = replace(record, recipe=_posix(name), device=file.devices[0], seeds=seeds)
    return PlannedSearch(record, own_values(record, recipe))


def _parsed(path: Path) -> _File:
    try:
        content = tomllib.loads(read_bytes(path, DOCUMENT_LIMIT).decode("utf-8"))
    except OSError as error:
        raise DawnbenchError(f"cannot read the campaign file {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise CampaignFileError(path, [f"it is not TOML: {error}"]) from error
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        raise CampaignFileError(path, [_mistake(problem) for problem in problems]) from error


def _mistake(problem: Any) -> str:
    key = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, _File.model_fields, n=1, cutoff=0.5)
        known = f"did you mean {near[0]}?" if near else f"it takes {', '.join(_File.model_fields)}"
        return f"unknown key {key!r}; {known}"
    if problem["type"] == "missing":
        return f"{key} is missing; write {EXAMPLES[key]}"
    said = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "string_pattern_mismatch":
        said = "must be made of letters, digits, and _ . - only, since it names a folder"
    said = said.replace("Input should", "it should")
    return f"{key}={text(problem['input'])} is invalid: {said[0].lower()}{said[1:]}"


def _recipe_files(path: Path, names: Sequence[str], mistakes: list[str]) -> dict[str, bytes]:
    """Return the content of the recipe files by their path, none of which may lead out of the folder."""
    found = {}
    base = path.parent.resolve()
    for name in names:
        if not name.endswith(".py"):
            continue
        place = (base / name).resolve()
        if Path(name).is_absolute() or ".." in Path(name).parts or not place.is_relative_to(base):
            mistakes.append(f"the recipe {name} is outside the campaign file's folder; copy it there")
            continue
        try:
            found[_posix(name)] = read_bytes(place, RECIPE_LIMIT)
        except OSError as error:
            mistakes.append(f"cannot read the recipe {name}: {error.strerror or error}")
    return found


def _posix(name: str) -> str:
    return Path(name).as_posix() if name.endswith(".py") else name


def _combinations(settings: Mapping[str, Any], mistakes: list[str]) -> list[tuple[str, ...]]:
    """Return every combination of the settings' values, as `path=value`."""
    axes = []
    for path, values in _leaves(settings):
        if path in DECIDED:
            mistakes.append(f"settings: {path} cannot be set: {DECIDED[path]}")
            continue
        several = values if isinstance(values, list) else [values]
        if not several:
            mistakes.append(f"settings: {path} has no values")
        try:
            axes.append([f"{path}={_written(value)}" for value in several])
        except (TypeError, ValueError):
            mistakes.append(f"settings: {path} has a value that is not a number, text, true, false or a list")
    count = math.prod(len(axis) for axis in axes)
    if count > MAX_REQUESTS:
        mistakes.append(f"settings: they have {count:,} combinations; at most {MAX_REQUESTS:,} can be run")
        return []
    return list(product(*axes))


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of nested tables by their whole path; a table with a `kind` is one value."""
    for key, value in table.items():
        if isinstance(value, dict) and "kind" not in value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _written(value: Any) -> str:
    """Return a value as `--set` takes it."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return value
    return json.dumps(value)


def _check_recipe(
    path: Path, name: str, combinations: Sequence[tuple[str, ...]], mistakes: list[str]
) -> None:
    """Check that there is such a recipe, and that it accepts every combination of the settings."""
    recipe = _recipe(path, name, mistakes)
    if recipe is None:
        return
    for settings in combinations:
        try:
            adapt(recipe, settings)
        except DawnbenchError as error:
            mistakes.append(f"{name}: {str(error).removeprefix('--set ')}")


def _recipe(path: Path, name: str, mistakes: list[str]) -> Recipe | None:
    """Return a recipe by its name or file; None if it cannot be used, after adding why."""
    try:
        return find_recipe(str(path.parent / name) if name.endswith(".py") else name)
    except DawnbenchError as error:
        mistakes.append(str(error))
        return None


def _collect(mistakes: list[str], check: Callable[[], None]) -> None:
    try:
        check()
    except DawnbenchError as error:
        mistakes.append(str(error))
