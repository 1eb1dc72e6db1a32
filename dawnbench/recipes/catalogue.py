"""Finds recipes by name, or a user's own recipe by the path of its file."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe

__all__ = ["find_recipe", "list_recipes"]

PLACES = {
    "davidnet": "davidnet:recipe",
    "davidnet-10": "davidnet_10:recipe",
    "speedrun": "speedrun:recipe",
    "latency": "latency:recipe",
    "davidnet-onecycle": "davidnet_onecycle:recipe",
    "davidnet-onecycle-fast": "davidnet_onecycle_fast:recipe",
    "resnet18-step": "resnet18_step:recipe",
    "resnet18-fast": "resnet18_fast:recipe",
    **{f"mnist-{number}": f"mnist_ladder:mnist_{number}" for number in range(1, 7)},
    **{f"mnist-drill-{number}": f"mnist_drill:mnist_drill_{number}" for number in range(1, 4)},
    "mnist-fast": "mnist_fast:mnist_fast",
    "mnist-tiny": "mnist_fast:mnist_tiny",
    "mnist-ladder-fast": "mnist_fast:mnist_ladder_fast",
    **{
        f"slim-{network}": f"slimming:slim_{network.replace('-', '_')}"
        for network in ("vgg16", "resnet50", "mobilenetv2", "vgg19", "resnet56", "vgg-small")
    },
    "quickstart": "quickstart:recipe",
}
"""By recipe name, the module in this package and the attribute in it; imported on demand."""

SERIES = {
    "mnist-ladder": tuple(f"mnist-{number}" for number in range(1, 7)),
    "mnist-drill": tuple(f"mnist-drill-{number}" for number in range(1, 4)),
}
"""By series name, the recipes that `dawnbench run` expands it to."""


def list_recipes() -> list[Recipe]:
    """Return the recipes that come with the package."""
    return [_built_in(name) for name in PLACES]


def find_series(name: str) -> tuple[Recipe, ...] | None:
    """Return the recipes of the named series; None if there is no such series."""
    return tuple(map(_built_in, SERIES[name])) if name in SERIES else None


def find_recipe(name: str) -> Recipe:
    """Return the named recipe, or the object `recipe` in the Python file at that path.

    Raises:
        DawnbenchError: there is no such recipe or file, or the file defines none.
    """
    if name in PLACES:
        return _built_in(name)
    if name.endswith(".py"):
        return _from_file(Path(name))
    if name in SERIES:
        raise DawnbenchError(
            f"{name} is a series, which only `dawnbench run` takes; name one of {', '.join(SERIES[name])}"
        )
    near = difflib.get_close_matches(name, [*PLACES, *SERIES], n=1, cutoff=0.3)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PLACES)}, or a path to a .py file"
    raise DawnbenchError(f"there is no recipe {name!r}; {hint}")


def _built_in(name: str) -> Recipe:
    module, attribute = PLACES[name].split(":")
    recipe: Recipe = getattr(importlib.import_module(f"dawnbench.recipes.{module}"), attribute)
    return recipe


def _from_file(path: Path) -> Recipe:
    if not path.is_file():
        raise DawnbenchError(f"there is no recipe file {path}")
    # Files of the same name in different folders need different module names.
    place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    name = f"dawnbench_recipe_{path.stem}_{place}"
    spec = importlib.util.spec_from_file_location(
        name, path, loader=_SourceLoader(name, str(path.absolute()))
    )
    if spec is None or spec.loader is None:
        raise DawnbenchError(f"{path} cannot be loaded as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses resolve postponed annotations through sys.modules
    try:
        spec.loader.exec_module(module)
    except (DawnbenchError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        raise DawnbenchError(
            f"{path} cannot be run: {_line(error, path)}it exits the process (exit code {error.code}); "
            "a recipe file must only define `recipe`"
        ) from error
    except BaseException as error:  # whatever a user's file raises is reported as an error of that file
        raise DawnbenchError(f"{path} cannot be run: {_line(error, path)}{_said(error)}") from error
    recipe = getattr(module, "recipe", None)
    if not isinstance(recipe, Recipe):
        raise DawnbenchError(f"{path} does not define a `recipe` of type dawnbench.recipes.Recipe")
    return recipe


class _SourceLoader(SourceFileLoader):
    """Loads a file from its source, never from Python's bytecode cache.

    The cache takes a file for unchanged if it has the same size and was written in the same second, as by a
    script that changes one digit between two runs.
    """

    def path_stats(self, path: Any) -> Any:
        """Raise OSError, upon which the file is neither looked up in the cache nor written to it."""
        raise OSError


def _line(error: BaseException, path: Path) -> str:
    """Return the line of the file that raised the error; empty if the file was not executed."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.absolute()]
    return f"line {lines[-1]}: " if lines else ""


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
