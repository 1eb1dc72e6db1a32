"""A series: recipes run one after the other, whose runs are read together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dawnbench.recipes.recipe import Recipe
from dawnbench.safe_text import slug


@dataclass(frozen=True, slots=True)
class EndedRun:
    """How a run of one recipe ended."""

    folder: Path | None
    """None if it was interrupted before there was one."""
    outcome: Literal["done", "diverged", "interrupted"]
    """Diverged if at least one trial did."""
    missed: bool = False
    """Whether a trial that says something about the recipe did not reach the target."""


@dataclass(frozen=True, slots=True)
class EndedSeries:
    """How far a series came."""

    recipes: int
    """How many it has."""
    runs: tuple[EndedRun, ...]
    """In the order of the recipes."""
    interrupted: bool
    failure: Exception | None
    """What ended the series early; None if nothing failed."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The run folders."""
        return tuple(run.folder for run in self.runs if run.folder is not None)

    @property
    def diverged(self) -> bool:
        """Whether a trial of any run diverged."""
        return any(run.outcome == "diverged" for run in self.runs)

    @property
    def note(self) -> str | None:
        """A sentence on what is missing; None if there is a run folder for each recipe."""
        if len(self.folders) == self.recipes:
            return None
        return f"{len(self.folders)} of {self.recipes} models: the series ended before its last one."


def run_series(recipes: Sequence[Recipe], run_recipe: Callable[[int, Recipe], EndedRun]) -> EndedSeries:
    """Run each recipe with its number, counted from 1, until one is interrupted or fails.

    Diverged trials do not end a series. Neither an interrupt nor a failure is re-raised, so that the runs
    before it can be written up.
    """
    runs: list[EndedRun] = []
    interrupted = False
    failure: Exception | None = None
    try:
        for number, recipe in enumerate(recipes, start=1):
            runs.append(run_recipe(number, recipe))
            interrupted = runs[-1].outcome == "interrupted"
            if interrupted:
                break
    except KeyboardInterrupt:
        interrupted = True
    except Exception as error:
        failure = error
    return EndedSeries(len(recipes), tuple(runs), interrupted, failure)


def series_folder(name: str, first_run: Path) -> Path:
    """Return the folder for what is written about a series, beside its first run's.

    It has the name of that run folder with the series in place of the recipe.
    """
    time, _, rest = first_run.name.partition("-")
    return first_run.parent / f"{time}-{slug(name)}-{rest.rpartition('-')[2]}"
