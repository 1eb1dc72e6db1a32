"""The verb `dawnbench run`: shown while it goes on, logged and summed up at its end."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.exit_codes import DIVERGED, DONE, EXPLAINED, INTERRUPTED
from dawnbench.cli.group import main
from dawnbench.cli.options import (
    complete_recipe,
    data_option,
    device_option,
    epochs_option,
    out_option,
    resolve,
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

    from dawnbench.cli.tracking import TrackingObserver
    from dawnbench.recipes import Recipe
    from dawnbench.report.display.display import Display
    from dawnbench.report.text.log_table import TimeFormat


def complete_recipe_or_series(context: Any, parameter: Any, incomplete: str) -> list[str]:
    """Return the recipes and the series whose names begin so."""
    from dawnbench.recipes.catalogue import SERIES

    series = [name for name in SERIES if name.startswith(incomplete)]
    return [*complete_recipe(context, parameter, incomplete), *series]


@main.command(epilog=EXPLAINED)
@click.argument("recipe", metavar="RECIPE|SERIES", shell_complete=complete_recipe_or_series)
@click.option("--trials", type=int, help="How many, each from a fresh seed.")
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
    help="Keep the model of the last finished trial as model.safetensors in the run folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, one an event.")
@click.option(
    "--track",
    multiple=True,
    metavar="NAME",
    help="Tell tensorboard, trackio, wandb (offline) or mlflow as well, in OUT/tracking/NAME; repeatable.",
)
@time_format_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def run(recipe: str, settings: tuple[str, ...], **options: Any) -> None:
    """Train RECIPE into a run folder.

    RECIPE is a name that `dawnbench list` shows, or the path of your own recipe file. Of a SERIES
    (mnist-ladder, mnist-drill) each recipe is run, one after the other, and all are written up in the end.
    """
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.text.status_line import waiting_for

    leaves = {name: options.pop(name) for name in ("trials", "data", "epochs", "target")}
    with waiting_for("loading torch", silent=options["as_json"]):
        from dawnbench.cli.series import resolve_series, run_series

        series = resolve_series(recipe, settings, **leaves)
        one = None if series else resolve(recipe, settings, **leaves)
        for each in series or filter(None, (one,)):
            check_seeds(options["seed"], each.trials)
        # Loads torch, after the recipe, so that nobody waits for it to hear that a name is wrong.
        importlib.import_module("dawnbench.campaigns")

    if one is not None:
        sys.exit(run_and_show(one, **options).code)
    sys.exit(run_series(recipe, series or (), **options))


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over."""

    folder: Path | None
    """None where it was interrupted before there was one."""
    code: int
    """What the command exits with, if this run is all that it does."""


def run_and_show(
    recipe: Recipe,
    *,
    device: str,
    seed: int,
    out: Path,
    as_json: bool,
    time_format: TimeFormat,
    track: Sequence[str] = (),
    save_model: bool = False,
    own_process: bool = True,
) -> Ended:
    """Run, show, tell the trackers in `track`, write log.md and sum up.

    With `save_model` the model of the last finished trial is kept in the run folder.
    Without `own_process` the process has done other work before, and the `cold` rule gives no time.
    """
    from dawnbench import campaigns
    from dawnbench.report.text.console import open_console

    console = open_console()
    display = _display(console, as_json, time_format)
    tracking = _open_tracking(display, track, out) if track else None
    interrupted = False
    try:
        with closing(display):
            display.preparing(f"preparing {recipe.name}")
            campaigns.run(
                recipe,
                device=device,
                seed=seed,
                out=out,
                observer=tracking or display,
                command=("dawnbench", *sys.argv[1:]),
                own_process=own_process,
                save_model=save_model,
            )
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        # The first failure is the one to tell.
        with suppress(DawnbenchError):
            _write_log(display, time_format)
        with suppress(DawnbenchError):
            _finish(tracking)
        raise
    _write_log(display, time_format)
    tracked = _finish(tracking)
    code = _sum_up(display.folder, console, as_json, interrupted)
    for sentence in tracked:
        click.echo(plain(sentence), err=as_json)
    return Ended(display.folder, code)


def _write_log(display: Display, time_format: TimeFormat) -> None:
    from dawnbench.report.text.log import write_log

    if display.folder is not None:
        write_log(display.folder, time_format)


def _finish(tracking: TrackingObserver | None) -> list[str]:
    return [] if tracking is None else tracking.finish()


def _open_tracking(display: Display, track: Sequence[str], out: Path) -> TrackingObserver:
    from dawnbench.cli.tracking import TrackingObserver, open_trackers

    return TrackingObserver(display, open_trackers(track, out))


def _display(console: Console, as_json: bool, style: TimeFormat) -> Display:
    from dawnbench.report.display import JsonLinesDisplay, PlainDisplay, TerminalDisplay

    if as_json:
        return JsonLinesDisplay(sys.stdout)
    return TerminalDisplay(console, style) if console.is_terminal else PlainDisplay(sys.stdout, style)


def _sum_up(folder: Path | None, console: Console, as_json: bool, interrupted: bool) -> int:
    from dawnbench.records.reader import read_run
    from dawnbench.report.display import summary_table

    if folder is None:
        return INTERRUPTED
    recorded = read_run(folder)
    if not as_json:
        console.print(summary_table(recorded))
        console.print(plain(str(folder / "log.md")), highlight=False, markup=False, soft_wrap=True)
    if interrupted:
        return INTERRUPTED
    return DIVERGED if any(trial.status == "diverged" for trial in recorded.trials) else DONE
