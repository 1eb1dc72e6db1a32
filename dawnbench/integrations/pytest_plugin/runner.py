"""The callable that the fixture provides, which trains a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dawnbench.campaigns import Observer, run
from dawnbench.errors import DawnbenchError
from dawnbench.integrations.pytest_plugin.entries import add_entries
from dawnbench.integrations.pytest_plugin.measured import MeasuredRun
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.overrides import adapt
from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of


class RecipeRunner:
    """Trains recipes for one test."""

    def __init__(self, item: pytest.Item, out: Path) -> None:
        """Write run folders to `out`."""
        self._item, self._out = item, out
        self.made: list[MeasuredRun] = []
        """The runs so far, in order."""

    def __call__(
        self,
        recipe: str | Path | Recipe,
        *,
        trials: int | None = None,
        epochs: int | None = None,
        seed: int = 0,
        device: str = "auto",
        target: float | None = None,
        data: str | Path | None = None,
        settings: Sequence[str] = (),
        observer: Observer | None = None,
    ) -> MeasuredRun:
        """Train a recipe and return the measured run.

        `recipe` is a name, a recipe file (relative to pytest's root folder) or a Recipe; `settings` are what
        `--set` takes, such as "optimizer.momentum=0.85"; the rest is as for `dawnbench run`. `observer`
        receives the run's events.

        Raises:
            DawnbenchError: the recipe, the data or the device cannot be used.
        """
        __tracebackhide__ = True
        try:
            leaves = {"trials": trials, "epochs": epochs, "target": target}
            resolved = self._resolve(recipe, settings, data, leaves)
            folder = run(
                resolved,
                device=device,
                seed=seed,
                out=self._out,
                observer=observer,
                command=("pytest", self._item.nodeid),
            )
            recorded = read_run(folder)
        except DawnbenchError as error:
            # The message suffices: pytest then shows only the test's own line.
            raise error.with_traceback(None) from None
        measured = MeasuredRun(recorded, trial_set_of(recorded))
        self.made.append(measured)
        add_entries(self._item, self._label(resolved.name), measured)
        return measured

    def _resolve(
        self,
        recipe: str | Path | Recipe,
        settings: Sequence[str],
        data: str | Path | None,
        leaves: dict[str, Any],
    ) -> Recipe:
        if isinstance(recipe, Path) or (isinstance(recipe, str) and recipe.endswith(".py")):
            recipe = str(self._item.config.rootpath / recipe)
        found = recipe if isinstance(recipe, Recipe) else find_recipe(recipe)
        return adapt(found, settings, data=None if data is None else str(data), **leaves)

    def _label(self, name: str) -> str:
        """Return a name that is unique among the test's runs and the same every time the test runs."""
        runs = sum(made.series.recipe_name == name for made in self.made)
        return name if runs == 1 else f"{name} {runs}"
