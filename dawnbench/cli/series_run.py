"""Runs the recipes of a series one after another, and writes them up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from dawnbench.cli.exit_codes import DIVERGED, DONE, INTERRUPTED
from dawnbench.cli.shown_run import RunOptions, run_and_show
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from dawnbench.campaigns.series import EndedRun, EndedSeries
    from dawnbench.recipes import Recipe

RULE = "dawnbench"
"""The timing rule that chooses each model's median trial for the write-up."""


def run_series_and_show(name: str, recipes: Sequence[Recipe], options: RunOptions) -> tuple[int, bool]:
    """Run and show each recipe and write up what ran; return the exit code and whether a target was missed.

    Raises:
        DawnbenchError: what ended the series early.
    """
    from dawnbench.campaigns.series import run_series

    def run_one(number: int, recipe: Recipe) -> EndedRun:
        between = "\n" if number > 1 else ""
        click.echo(f"{between}model {number} of {len(recipes)}: {plain(recipe.name)}", err=options.as_json)
        return run_and_show(recipe, options, own_process=False)

    ended = run_series(recipes, run_one)
    if ended.failure is not None:
        with suppress(DawnbenchError):  # the first failure is the one to tell
            _write_up(name, ended, options.as_json)
        raise ended.failure
    _write_up(name, ended, options.as_json)
    missed = any(run.missed for run in ended.runs)
    if ended.interrupted:
        return INTERRUPTED, missed
    return DIVERGED if ended.diverged else DONE, missed


def _write_up(name: str, ended: EndedSeries, as_json: bool) -> None:
    """Write up the runs, in a folder beside theirs; print its path and which targets were missed."""
    from dawnbench.campaigns.series import series_folder
    from dawnbench.cli.configuration import price_list
    from dawnbench.records.reader import read_run
    from dawnbench.report.display.ending import missed_trials, series_sentence
    from dawnbench.report.write_up.document import write_write_up

    if not ended.folders:
        return
    path = series_folder(name, ended.folders[0]) / "writeup.md"
    runs = [read_run(folder) for folder in ended.folders]
    write_write_up(runs, RULE, "epochs", path, title=name, note=ended.note, prices=price_list())
    if as_json:
        missed = [run.record.recipe_name for run in runs if missed_trials(run)]
        click.echo(json.dumps({"event": "write_up", "path": str(path), "missed": missed}))
    else:
        click.echo(plain(str(path)))
        click.echo(plain(series_sentence(runs, ended.recipes)))
