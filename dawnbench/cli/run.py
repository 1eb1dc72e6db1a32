"""The verb `dawnbench run`: train a recipe, or a series of them, on one device or several."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.auto import trials_options
from dawnbench.cli.exit_codes import DONE, EXPLAINED, MISSED
from dawnbench.cli.group import main
from dawnbench.cli.options import (
    complete_recipe,
    data_option,
    device_option,
    epochs_option,
    out_option,
    price_options,
    resolve,
    resolve_series,
    seed_option,
    set_option,
    tag_option,
    target_option,
    time_format_option,
)
from dawnbench.cli.series_run import run_series_and_show
from dawnbench.cli.shown_run import EXIT_CODES, RunOptions, run_and_show, run_silently
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.cli.torchrun import as_rank, check_gpus, run_by_torchrun
from dawnbench.engine.launched import Launched, launched
from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers import TRACKERS
from dawnbench.records.tags import parse_tags

if TYPE_CHECKING:
    from dawnbench.stats.sequential import AutoTrials


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
@tag_option
@out_option
@click.option(
    "--gpus",
    type=click.IntRange(min=1),
    help="Train each trial on this many GPUs of this machine, by torchrun.",
)
@click.option(
    "--save-model",
    is_flag=True,
    help="Save the model of the last finished trial as model.safetensors in the run folder.",
)
@click.option(
    "--checkpoint-every",
    type=click.IntRange(min=1),
    metavar="N",
    help="Save the trial's state every N epochs, so that `dawnbench resume` goes on from it.",
)
@click.option(
    "--require-target", is_flag=True, help="Exit with code 4 unless every trial reaches the target."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, one per event; the last one is the summary."
)
@click.option(
    "--track",
    type=click.Choice(TRACKERS),
    multiple=True,
    help="Also log to this tracker (wandb: offline), in OUT/tracking/NAME; repeatable.",
)
@click.option(
    "--note",
    "notes",
    multiple=True,
    metavar="TEXT",
    help="Record what readers should beware of, such as what else ran; repeatable.",
)
@time_format_option
@price_options
@stopping_like_ctrl_c()
@going_on_without_readers()
def run(
    recipe: str,
    settings: tuple[str, ...],
    require_target: bool,
    auto: AutoTrials | None,
    gpus: int | None,
    **options: Any,
) -> None:
    """Train RECIPE into a run folder.

    RECIPE is a name that `dawnbench list` shows, or the path of your own recipe file. A SERIES (mnist-ladder,
    mnist-drill) runs each of its recipes in turn and ends with a write-up of all of them.

    Prices given here are recorded with the run, so that later readers compute the same costs.

    Started by torchrun, also on several machines, each process trains on its part of every batch.
    """
    place = launched()
    with as_rank(place):
        _run(recipe, settings, require_target, auto, gpus, place, **options)


def _run(
    recipe: str,
    settings: tuple[str, ...],
    require_target: bool,
    auto: AutoTrials | None,
    gpus: int | None,
    place: Launched,
    **options: Any,
) -> None:
    """Run in this process, or by torchrun in others, and exit."""
    from dawnbench.cli.configuration import price_list
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.text.status_line import waiting_for

    leaves = {name: options.pop(name) for name in ("trials", "data", "epochs", "target")}
    chosen = RunOptions(auto=auto, tags=parse_tags(options.pop("tags")), **options)
    price_list(chosen.prices)  # a configuration file that is wrong is said before, not after the training
    with waiting_for("loading torch", silent=chosen.as_json or place.rank > 0):
        series = resolve_series(recipe, settings, **leaves)
        recipes = series or (resolve(recipe, settings, **leaves),)
        for each in recipes:
            check_seeds(chosen.seed, each.trials)
        together = place.size if place.size > 1 else gpus or 1
        if together > 1:
            _check_together(recipe, series is not None, gpus, chosen.device, place)
        # Load torch after the recipe, so that nobody waits for it to learn that a name is wrong.
        if together == place.size:
            importlib.import_module("dawnbench.campaigns")

    if together > place.size:
        sys.exit(run_by_torchrun(together, sys.argv[1:]))
    if place.rank:
        run_silently(recipes[0], chosen)
        sys.exit(DONE)
    if series is None:
        _warn_of_few_trials(recipes[0].trials, chosen)
        ended = run_and_show(recipes[0], chosen)
        code, missed = EXIT_CODES[ended.outcome], ended.missed
    else:
        code, missed = run_series_and_show(recipe, series, chosen)
    sys.exit(MISSED if missed and require_target and code == DONE else code)


def _check_together(recipe: str, is_series: bool, gpus: int | None, device: str, place: Launched) -> None:
    """Check that several devices can train each trial together."""
    if is_series:
        raise DawnbenchError(
            f"{recipe} is a series, whose models train on one device each; name one of its recipes to train "
            "on several devices"
        )
    if place.size == 1:
        check_gpus(gpus or 1, device)
    elif gpus is not None and gpus != place.local_size:
        raise DawnbenchError(
            f"--gpus={gpus} does not fit torchrun, which started {place.local_size} processes here; leave "
            "it out"
        )


def _warn_of_few_trials(trials: int, options: RunOptions) -> None:
    from dawnbench.stats.comparison.trials_needed import too_few_to_compare

    sentence = too_few_to_compare(trials)
    if sentence is not None and not options.as_json:
        click.echo(f"note: {sentence}")
