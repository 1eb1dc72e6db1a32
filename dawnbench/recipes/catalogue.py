"""The recipes by name, or a user's own by its file's path."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import sys
import traceback
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe

__all__ = ["find_recipe", "list_recipes"]

PLACES = {
    "davidnet": "davidnet:recipe",
    "davidnet-10": "davidnet_10:recipe",
    "speedrun": "speedrun:recipe",
    "davidnet-onecycle": "davidnet_onecycle:recipe",
    "davidnet-onecycle-fast": "davidnet_onecycle_fast:recipe",
    "resnet18-step": "resnet18_step:recipe",
    "resnet18-fast": "resnet18_fast:recipe",
    **{f"mnist-{number}": f"mnist_ladder:mnist_{number}" for number in range(1, 7)},
    **{f"mnist-drill-{number}": f"mnist_drill:mnist_drill_{number}" for number in range(1, 4)},
    "mnist-fast": "mnist_fast:mnist_fast",
    "mnist-tiny": "mnist_fast:mnist_tiny",
    "mnist-ladder-fast": "mnist_fast:mnist_ladder_fast",
    "quickstart": "quickstart:recipe",
}
"""The module in this room and the name in it, by the recipe's name; it is imported when it is asked for."""

SERIES = {
    "mnist-ladder": tuple(f"mnist-{number}" for number in range(1, 7)),
    "mnist-drill": tuple(f"mnist-drill-{number}" for number in range(1, 4)),
}
"""The recipes, by the name of the series that `dawnbench run` takes in their place."""


def list_recipes() -> list[Recipe]:
    """Return the recipes that the package brings."""
    return [_brought(name) for name in PLACES]


def find_series(name: str) -> tuple[Recipe, ...] | None:
    """Return the recipes of the series of that name; None where there is none."""
    return tuple(map(_brought, SERIES[name])) if name in SERIES else None


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name, or the one called `recipe` in the Python file at that path.

    Raises:
        DawnbenchError: there is no such recipe or file, or the file defines none.
    """
    if name in PLACES:
        return _brought(name)
    if name.endswith(".py"):
        return _from_file(Path(name))
    if name in SERIES:
        raise DawnbenchError(
            f"{name} is a series, which only `dawnbench run` takes; name one of {', '.join(SERIES[name])}"
        )
    near = difflib.get_close_matches(name, [*PLACES, *SERIES], n=1, cutoff=0.3)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PLACES)}, or a path to a .py file"
    raise DawnbenchError(f"there is no recipe {name!r}; {hint}")


def _brought(name: str) -> Recipe:
    module, attribute = PLACES[name].split(":")
    return getattr(importlib.import_module(f"dawnbench.recipes.{module}"), attribute)  # type: ignore[no-any-return]


def _from_file(path: Path) -> Recipe:
    if not path.is_file():
        raise DawnbenchError(f"there is no recipe file {path}")
    # Of two files of one name in two folders, each keeps its module.
    place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(f"dawnbench_recipe_{path.stem}_{place}", path)
    if spec is None or spec.loader is None:
        raise DawnbenchError(f"{path} cannot be loaded as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look up what a postponed annotation names
    try:
        spec.loader.exec_module(module)
    except (DawnbenchError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        raise DawnbenchError(
            f"{path} cannot be run: {_line(error, path)}it ends the process (exit code {error.code}); "
            "a recipe file only defines `recipe`"
        ) from error
    except BaseException as error:  # whatever a user's file raises is about that file
        raise DawnbenchError(f"{path} cannot be run: {_line(error, path)}{_said(error)}") from error
    recipe = getattr(module, "recipe", None)
    if not isinstance(recipe, Recipe):
        raise DawnbenchError(f"{path} defines no `recipe` of type dawnbench.recipes.Recipe")
    return recipe


def _line(error: BaseException, path: Path) -> str:
    """Return which line of the file it came from; empty where the file was not begun."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.absolute()]
    return f"line {lines[-1]}: " if lines else ""


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
