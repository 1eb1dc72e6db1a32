"""The recipes by name, or a user's own by its file's path."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe

MODULES = {
    "davidnet": "dawnbench.recipes.davidnet",
    "davidnet-10": "dawnbench.recipes.davidnet_10",
    "quickstart": "dawnbench.recipes.quickstart",
    "speedrun": "dawnbench.recipes.speedrun",
}


def list_recipes() -> list[Recipe]:
    """Return the recipes that the package brings."""
    return [importlib.import_module(module).recipe for module in MODULES.values()]


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name, or the one called `recipe` in the Python file at that path.

    Raises:
        DawnbenchError: there is no such recipe or file, or the file defines none.
    """
    if name in MODULES:
        return importlib.import_module(MODULES[name]).recipe  # type: ignore[no-any-return]
    if name.endswith(".py"):
        return _from_file(Path(name))
    near = difflib.get_close_matches(name, MODULES, n=1, cutoff=0.3)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MODULES)}, or a path to a .py file"
    raise DawnbenchError(f"there is no recipe {name!r}; {hint}")


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
    except DawnbenchError:
        raise
    except Exception as error:  # whatever a user's file raises is about that file
        raise DawnbenchError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    recipe = getattr(module, "recipe", None)
    if not isinstance(recipe, Recipe):
        raise DawnbenchError(f"{path} defines no `recipe` of type dawnbench.recipes.Recipe")
    return recipe
