"""The verb `dawnbench run`: train a recipe, show its progress, and log and summarise it at the end."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.auto import trials_options
from dawnbench.cli.exit_codes import DIVERGED, DONE, EXPLAINED, INTERRUPTED
from dawnbench.cli.group import main
from dawnbench.cli.options import (
    complete_recipe,
    data_option,
    device_option,
    epochs_option,
    out_option,
    resolve,
    resolve_series,
    seed_option,
    set_option,
    target_option,
    time_format_option,
)
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from rich.console import Console

    from dawnbench.campaigns.series import EndedRun, EndedSeries
    from dawnbench.cli.tracking import TrackingObserver
    from dawnbench.recipes import Recipe
    from dawnbench.report.display.display import Display
    from dawnbench.report.text.log_table import TimeFormat
    from dawnbench.stats.sequential import AutoTrials

EXIT_CODES = {"done": DONE, "diverged": DIVERGED, "interrupted": INTERRUPTED}
SERIES_RULE = "dawnbench"
"""The timing rule that chooses each model's median trial for the write-up of a series."""


def complete_recipe_or_series(context: Any, parameter: Any, incomplete: str) -> list[str]:
    """Return the recipes and the series whose names start like this."""
    from dawnbench.recipes.catalogue import SERIES

    series = [name for name in SERIES if name.startswith(incomplete)]
    return [*complete_recipe(context, parameter, incomplete), *series]


@main.command(epilog=EXPLAINED)
@click.argument("recipe", metavar="RECIPE|SERIES", shell_complete=complete_recipe_or_series)
@trials_options(
    "Number of trials, each with its own seed; auto: until the accuracy claim is settled.",
    "With auto: until the mean time's interval is this narrow, such as 1%.",
)
@seed_option
@data_option
@device_option
@epochs_option
@set_option
@target_option
@out_option
@click.option(
    "--save-model",
    is_flag=True,
    help="Save the model of the last finished trial as model.safetensors in the run folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, one per event.")
@click.option(
    "--track",
    multiple=True,
    metavar="NAME",
    help="Also log to tensorboard, trackio, wandb (offline) or mlflow, in OUT/tracking/NAME; repeatable.",
)
@time_format_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def run(recipe: str, settings: tuple[str, ...], auto: AutoTrials | None, **options: Any) -> None:
    """Train RECIPE into a run folder.

    RECIPE is a name that `dawnbench list` shows, or the path of your own recipe file. A SERIES (mnist-ladder,
    mnist-drill) runs each of its recipes in turn and ends with a write-up of all of them.
    """
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.text.status_line import waiting_for

    leaves = {name: options.pop(name) for name in ("trials", "data", "epochs", "target")}
    chosen = RunOptions(auto=auto, **options)
    with waiting_for("loading torch", silent=chosen.as_json):
        series = resolve_series(recipe, settings, **leaves)
        recipes = series or (resolve(recipe, settings, **leaves),)
        for each in recipes:
            check_seeds(chosen.seed, each.trials)
        # Load torch after the recipe, so that nobody waits for it to learn that a name is wrong.
        importlib.import_module("dawnbench.campaigns")

    if series is None:
        sys.exit(EXIT_CODES[run_and_show(recipes[0], chosen).outcome])
    sys.exit(run_series_and_show(recipe, series, chosen))


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How recipes are run and shown."""

    device: str
    seed: int
    """Of the first trial; each later one adds 1."""
    out: Path
    """Folder for run folders."""
    save_model: bool
    """Save the model of the last finished trial in the run folder."""
    as_json: bool
    """Print JSON lines; everything else goes to standard error."""
    track: tuple[str, ...]
    """Trackers to log to as well."""
    time_format: TimeFormat
    """How log.md writes times under a minute."""
    auto: AutoTrials | None
    """How to decide how many trials to run; None for as many as the recipe says."""


def run_and_show(recipe: Recipe, options: RunOptions, *, own_process: bool = True) -> EndedRun:
    """Run, show progress, log to the trackers, write log.md and summarise.

    Without `own_process` the process has done other work before, and the `cold` rule gives no time.
    """
    from dawnbench import campaigns
    from dawnbench.report.text.console import open_console

    console = open_console()
    display = _display(console, options)
    tracking = _open_tracking(display, options) if options.track else None
    interrupted = False
    try:
        with closing(display):
            display.preparing(f"preparing {recipe.name}")
            campaigns.run(
                recipe,
                device=options.device,
                seed=options.seed,
                out=options.out,
                observer=tracking or display,
                command=("dawnbench", *sys.argv[1:]),
                own_process=own_process,
                save_model=options.save_model,
                trials=options.auto,
            )
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        # Report the first failure.
        with suppress(DawnbenchError):
            _write_log(display, options.time_format)
        with suppress(DawnbenchError):
            _finish(tracking)
        raise
    _write_log(display, options.time_format)
    tracked = _finish(tracking)
    ended = _sum_up(display.folder, console, options.as_json, interrupted)
    for sentence in tracked:
        click.echo(plain(sentence), err=options.as_json)
    return ended


def run_series_and_show(name: str, recipes: Sequence[Recipe], options: RunOptions) -> int:
    """Run and show each recipe, write up what ran, and return the exit code.

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
    if ended.interrupted:
        return INTERRUPTED
    return DIVERGED if ended.diverged else DONE


def _write_up(name: str, ended: EndedSeries, as_json: bool) -> None:
    """Write up the runs that there are, into a folder beside theirs, and print its path."""
    from dawnbench.campaigns.series import series_folder
    from dawnbench.records.reader import read_run
    from dawnbench.report.write_up.document import write_write_up

    if not ended.folders:
        return
    path = series_folder(name, ended.folders[0]) / "writeup.md"
    runs = [read_run(folder) for folder in ended.folders]
    write_write_up(runs, SERIES_RULE, "epochs", path, title=name, note=ended.note)
    click.echo(json.dumps({"event": "write_up", "path": str(path)}) if as_json else plain(str(path)))


def _write_log(display: Display, time_format: TimeFormat) -> None:
    from dawnbench.report.text.log import write_log

    if display.folder is not None:
        write_log(display.folder, time_format)


def _finish(tracking: TrackingObserver | None) -> list[str]:
    return [] if tracking is None else tracking.finish()


def _open_tracking(display: Display, options: RunOptions) -> TrackingObserver:
    from dawnbench.cli.tracking import TrackingObserver, open_trackers

    return TrackingObserver(display, open_trackers(options.track, options.out))


def _display(console: Console, options: RunOptions) -> Display:
    from dawnbench.report.display import JsonLinesDisplay, PlainDisplay, TerminalDisplay

    if options.as_json:
        return JsonLinesDisplay(sys.stdout)
    if console.is_terminal:
        return TerminalDisplay(console, options.time_format)
    return PlainDisplay(sys.stdout, options.time_format)


def _sum_up(folder: Path | None, console: Console, as_json: bool, interrupted: bool) -> EndedRun:
    from dawnbench.campaigns.series import EndedRun
    from dawnbench.records.reader import read_run
    from dawnbench.report.display import summary_table

    if folder is None:
        return EndedRun(None, "interrupted")
    recorded = read_run(folder)
    if not as_json:
        console.print(summary_table(recorded))
        console.print(plain(str(folder / "log.md")), highlight=False, markup=False, soft_wrap=True)
    if interrupted:
        return EndedRun(folder, "interrupted")
    diverged = any(trial.status == "diverged" for trial in recorded.trials)
    return EndedRun(folder, "diverged" if diverged else "done")
