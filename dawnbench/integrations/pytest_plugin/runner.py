"""What the fixture gives a test: a callable that trains a recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dawnbench.campaigns import Observer, run
from dawnbench.campaigns.observer import SilentObserver
from dawnbench.errors import DawnbenchError
from dawnbench.integrations.pytest_plugin.entries import add_entries
from dawnbench.integrations.pytest_plugin.guard import Command, Guard
from dawnbench.integrations.pytest_plugin.measured import MeasuredRun
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.overrides import adapt
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import RunRecord
from dawnbench.records.share import parse_accuracy
from dawnbench.records.trial_set import TrialSet, trial_set_of


class RecipeRunner:
    """Trains recipes for one test."""

    def __init__(self, item: pytest.Item, out: Path) -> None:
        """Create a runner that writes run folders into `out`."""
        self._item, self._out = item, out
        self.made: list[MeasuredRun] = []
        """The runs so far, in order."""
        self.guard: Guard | None = None
        """Judges the runs after the test; None without a marker."""

    def __call__(
        self,
        recipe: str | Path | Recipe,
        *,
        trials: int | None = None,
        epochs: int | None = None,
        seed: int = 0,
        device: str = "auto",
        target: float | str | None = None,
        data: str | Path | None = None,
        settings: Sequence[str] = (),
        observer: Observer | None = None,
    ) -> MeasuredRun:
        """Train a recipe and return the measured run.

        `recipe` is a name, a recipe file (relative to pytest's root folder) or a Recipe. `settings` are
        `--set` values, such as "optimizer.momentum=0.85"; `target` is 0.94 or "94%". The other arguments are
        the options of `dawnbench run`. `observer` receives the events of the run.

        Raises:
            DawnbenchError: the recipe, the data or the device is invalid.
        """
        __tracebackhide__ = True
        try:
            reached = None if target is None else parse_accuracy(target, "target=")
            leaves = {"trials": trials, "epochs": epochs, "target": reached}
            resolved = self._resolve(recipe, settings, data, leaves)
            options = {"--epochs": epochs, "--target": target, "--data": data}
            command = _run_command(recipe, options, device, settings)
            folder = run(
                resolved,
                device=device,
                seed=seed,
                out=self._out,
                observer=self._guarded(observer or SilentObserver(), command),
                command=("pytest", self._item.nodeid),
            )
            recorded = read_run(folder)
        except DawnbenchError as error:
            # The message is enough: pytest then shows only the line of the test itself.
            raise error.with_traceback(None) from None
        measured = MeasuredRun(recorded, trial_set_of(recorded), command)
        self.made.append(measured)
        add_entries(self._item, self._label(resolved.name), measured)
        return measured

    def _guarded(self, observer: Observer, command: Command) -> Observer:
        if self.guard is None:
            return observer
        return _CheckedFirst(observer, partial(self.guard.check_before, self._item, command=command))

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
        """Return a name that is unique within the test and the same each time the test runs."""
        runs = sum(made.series.recipe_name == name for made in self.made)
        return name if runs == 1 else f"{name} {runs}"


class _CheckedFirst:
    """Checks what is known of a run before anything is compiled or trained; passes all events on."""

    def __init__(self, observer: Observer, check: Callable[[TrialSet, int], None]) -> None:
        self._observer, self._check = observer, check
        self.loading, self.preparing, self.noted = observer.loading, observer.preparing, observer.noted
        self.trial_started, self.step = observer.trial_started, observer.step
        self.epoch_ended, self.trial_ended = observer.epoch_ended, observer.trial_ended

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Check the run, which fails the test if it cannot be judged."""
        self._check(trial_set_of(Run(folder, record, (), (), ())), record.trials)
        self._observer.run_started(record, folder, steps)


def _run_command(
    recipe: str | Path | Recipe, options: dict[str, Any], device: str, settings: Sequence[str]
) -> tuple[str, ...] | None:
    """Return the `dawnbench run` command, from pytest's root folder, that trains the same recipe."""
    if isinstance(recipe, Recipe):
        return None
    given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    where = [] if device == "auto" else ["--device", device]
    changes = [text for setting in settings for text in ("--set", setting)]
    return ("dawnbench", "run", str(recipe), *given, *where, *changes)
