"""A series of recipes run one after the other, and written up together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.exit_codes import DIVERGED, DONE, INTERRUPTED
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import Recipe
from dawnbench.recipes.catalogue import find_series
from dawnbench.recipes.overrides import adapt
from dawnbench.records.reader import read_run
from dawnbench.safe_text import plain, slug

if TYPE_CHECKING:
    from dawnbench.cli.run import Ended

RULE = "dawnbench"
"""By whose clock a model's median trial is chosen."""


def resolve_series(name: str, settings: Sequence[str], **leaves: Any) -> tuple[Recipe, ...] | None:
    """Return the recipes of a series, settings and leaves put into each; None where no series has that name.

    Raises:
        DawnbenchError: a recipe, which is named, does not take them.
    """
    series = find_series(name)
    return None if series is None else tuple(_adapted(recipe, settings, leaves) for recipe in series)


def _adapted(recipe: Recipe, settings: Sequence[str], leaves: dict[str, Any]) -> Recipe:
    try:
        return adapt(recipe, settings, **leaves)
    except DawnbenchError as error:
        raise DawnbenchError(f"{recipe.name}: {error}") from error


def run_series(name: str, recipes: Sequence[Recipe], *, out: Path, as_json: bool, **options: Any) -> int:
    """Run each recipe as `run_and_show` does with these options, write all up, and return the exit code.

    What ran before an interruption, or before a failure that is passed on, is written up as well.
    """
    # Loads torch, which naming a series does not need.
    from dawnbench.cli.run import run_and_show

    ended: list[Ended] = []
    interrupted = False
    try:
        for number, recipe in enumerate(recipes, start=1):
            between = "\n" if number > 1 else ""
            click.echo(f"{between}model {number} of {len(recipes)}: {plain(recipe.name)}", err=as_json)
            ended.append(run_and_show(recipe, out=out, as_json=as_json, own_process=False, **options))
            if ended[-1].code == INTERRUPTED:
                break
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        with suppress(DawnbenchError):  # the first failure is the one to tell
            _write_up(name, ended, len(recipes), out, as_json)
        raise
    _write_up(name, ended, len(recipes), out, as_json)
    codes = [one.code for one in ended]
    if interrupted or INTERRUPTED in codes:
        return INTERRUPTED
    return DIVERGED if DIVERGED in codes else DONE


def _write_up(name: str, ended: Sequence[Ended], models: int, out: Path, as_json: bool) -> None:
    """Write up the runs that there are, into a folder beside theirs, and say where."""
    from dawnbench.report.write_up.write import write_write_up

    folders = [one.folder for one in ended if one.folder is not None]
    if not folders:
        return
    note = f"{len(folders)} of {models} models: the series ended before its last one."
    path = _beside(folders[0], name, out) / "writeup.md"
    write_write_up(
        [read_run(folder) for folder in folders],
        RULE,
        "epochs",
        path,
        title=name,
        note=note if len(folders) < models else None,
    )
    click.echo(json.dumps({"event": "write_up", "path": str(path)}) if as_json else plain(str(path)))


def _beside(first: Path, name: str, out: Path) -> Path:
    """Return the write-up's folder, which has the time and the six letters of the first run's."""
    time, _, rest = first.name.partition("-")
    return out / f"{time}-{slug(name)}-{rest.rpartition('-')[2]}"
