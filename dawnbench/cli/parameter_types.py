"""Types of option values, checked and completed before anything slow such as torch is imported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from dawnbench.errors import DawnbenchError
from dawnbench.records.share import parse_accuracy, parse_share


class Share(click.ParamType[float]):
    """A share of a whole, written as 2% or 0.02."""

    name = "share"

    def convert(self, value: Any, parameter: Any, context: Any) -> float:
        """Return it as a fraction."""
        try:
            return parse_share(value)
        except DawnbenchError as error:
            self.fail(str(error), parameter, context)


class Accuracy(click.ParamType[float]):
    """An accuracy to reach, written as 94% or 0.94."""

    name = "accuracy"

    def convert(self, value: Any, parameter: Any, context: Any) -> float:
        """Return it as a fraction."""
        try:
            return parse_accuracy(value)
        except DawnbenchError as error:
            self.fail(str(error), parameter, context)


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers above 0 with commas between them."""

    name = "numbers"

    def __init__(self, whole: bool) -> None:
        self._whole = whole

    def convert(self, value: Any, parameter: Any, context: Any) -> tuple[float, ...]:
        """Return them in their order."""
        kind = int if self._whole else float
        try:
            numbers = tuple(kind(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if not numbers or not all(0 < number < float("inf") for number in numbers):
            what = "whole numbers" if self._whole else "numbers"
            self.fail(f"{value!r} is not a list of {what} above 0 such as 1,2,4", parameter, context)
        return numbers


class DeviceName(click.ParamType[str]):
    """The name of a device, which this machine need not have."""

    name = "device"

    def convert(self, value: Any, parameter: Any, context: Any) -> str:
        """Return the name."""
        from dawnbench.engine.device_names import check_device_name

        try:
            check_device_name(value)
        except DawnbenchError as error:
            self.fail(str(error), parameter, context)
        return str(value)

    def shell_complete(self, context: Any, parameter: Any, incomplete: str) -> list[CompletionItem]:
        """Return the names that start like this."""
        from dawnbench.engine.device_names import DEVICE_NAMES

        return [CompletionItem(name) for name in DEVICE_NAMES if name.startswith(incomplete)]


class DataName(click.ParamType[str]):
    """The name of a data set, or the path of an .npz file or an image folder."""

    name = "data"

    def convert(self, value: Any, parameter: Any, context: Any) -> str:
        """Return the name or path."""
        from dawnbench.data.sources.names import check_source

        try:
            check_source(value)
        except DawnbenchError as error:
            self.fail(str(error), parameter, context)
        return str(value)

    def shell_complete(self, context: Any, parameter: Any, incomplete: str) -> list[CompletionItem]:
        """Return the names that start like this, with what they are; files if there is none."""
        from dawnbench.data.sources.names import DATASETS

        names = [
            CompletionItem(name, help=what) for name, what in DATASETS.items() if name.startswith(incomplete)
        ]
        return names or [CompletionItem(incomplete, type="file")]


class SettingText(click.ParamType[str]):
    """KEY=VALUE for `--set`; completion offers the keys of the recipe on the command line."""

    name = "setting"

    def convert(self, value: Any, parameter: Any, context: Any) -> str:
        """Return it unchanged; only the recipe knows its keys."""
        return str(value)

    def shell_complete(self, context: Any, parameter: Any, incomplete: str) -> list[CompletionItem]:
        """Return the keys that start like this, with `=`, and the values that the recipe has for them."""
        return [
            CompletionItem(f"{key}=", help=value)
            for key, value in _keys(context.args).items()
            if key.startswith(incomplete)
        ]


def _keys(words: Sequence[str]) -> dict[str, str]:
    """Return the keys of the first recipe or series named, with their values; else those of every recipe.

    While an option lacks its value, click leaves the other words as they are. In bash they also include the
    `=` and the value of an earlier setting. A recipe file is not read, since it is the user's own program
    and usually imports torch.
    """
    from dawnbench.recipes import list_recipes
    from dawnbench.recipes.catalogue import PLACES, SERIES, find_recipe, find_series
    from dawnbench.recipes.overrides import leaf_paths, leaf_value

    named = next((word for word in words if word in PLACES or word in SERIES), None)
    if named in PLACES:
        recipe = find_recipe(named)
        return {path: json.dumps(leaf_value(recipe, path)) for path in leaf_paths(recipe)}
    recipes = (find_series(named) if named else None) or list_recipes()
    first, *others = (leaf_paths(recipe) for recipe in recipes)
    return {path: "" for path in first if all(path in other for other in others)}


ACCURACY, DATA, DEVICE, SETTING, SHARE = Accuracy(), DataName(), DeviceName(), SettingText(), Share()
