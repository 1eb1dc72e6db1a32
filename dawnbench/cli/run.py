"""The verb `dawnbench run`: train a recipe, show its progress, and log and summarise it at the end."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.auto import trials_options
from dawnbench.cli.exit_codes import DIVERGED, DONE, EXPLAINED, INTERRUPTED, MISSED
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
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.cli.torchrun import as_rank, check_gpus, run_by_torchrun
from dawnbench.engine.launched import Launched, launched
from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers import TRACKERS
from dawnbench.records.tags import parse_tags
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from rich.console import Console

    from dawnbench.campaigns.observer import Observer
    from dawnbench.campaigns.series import EndedRun, EndedSeries
    from dawnbench.cli.tracking import TrackingObserver
    from dawnbench.recipes import Recipe
    from dawnbench.records.prices import Prices
    from dawnbench.records.reader import Run
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
    tags: Mapping[str, str]
    """What to record with every run, by key."""
    prices: Prices
    """To record with the run."""
    checkpoint_every: int | None = None
    """Epochs from one checkpoint of the trial's state to the next; None for no checkpoints."""
    notes: tuple[str, ...] = ()
    """What readers should beware of, one sentence each."""


def run_and_show(recipe: Recipe, options: RunOptions, *, own_process: bool = True) -> EndedRun:
    """Run, show progress, log to the trackers, write log.md and summarise.

    Without `own_process` the process has done other work before, and the `cold` rule gives no time.
    """
    from dawnbench import campaigns

    def start(observer: Observer) -> None:
        campaigns.run(
            recipe,
            device=options.device,
            seed=options.seed,
            out=options.out,
            observer=observer,
            command=("dawnbench", *sys.argv[1:]),
            own_process=own_process,
            save_model=options.save_model,
            checkpoint_every=options.checkpoint_every,
            trials=options.auto,
            tags=options.tags,
            prices=options.prices,
            notes=options.notes,
        )

    track = (options.track, options.out)
    return show_while(start, f"preparing {recipe.name}", options.as_json, options.time_format, track)


def show_while(
    start: Callable[[Observer], None],
    what: str,
    as_json: bool,
    time_format: TimeFormat,
    track: tuple[tuple[str, ...], Path] = ((), Path()),
) -> EndedRun:
    """Show the progress of what `start` runs, log to the trackers, write log.md and summarise.

    `what` is said until it begins; `track` names the trackers and the folder for what they write.
    """
    from dawnbench.report.text.console import open_console

    console = open_console()
    display = _display(console, as_json, time_format)
    tracking = _open_tracking(display, *track) if track[0] else None
    interrupted = False
    try:
        with closing(display):
            display.preparing(what)
            start(tracking or display)
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        # Report the first failure.
        for finish in (
            lambda: _write_log(display, time_format),
            lambda: _finish(tracking),
            lambda: _close_json(display),
        ):
            with suppress(DawnbenchError):
                finish()
        raise
    _write_log(display, time_format)
    return _sum_up(display, console, _finish(tracking), interrupted)


def run_silently(recipe: Recipe, options: RunOptions) -> None:
    """Take part in a run that rank 0 records and shows."""
    from dawnbench import campaigns

    campaigns.run(
        recipe,
        device=options.device,
        seed=options.seed,
        out=options.out,
        trials=options.auto,
        tags=options.tags,
        prices=options.prices,
    )


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
    write_write_up(runs, SERIES_RULE, "epochs", path, title=name, note=ended.note, prices=price_list())
    if as_json:
        missed = [run.record.recipe_name for run in runs if missed_trials(run)]
        click.echo(json.dumps({"event": "write_up", "path": str(path), "missed": missed}))
    else:
        click.echo(plain(str(path)))
        click.echo(plain(series_sentence(runs, ended.recipes)))


def _write_log(display: Display, time_format: TimeFormat) -> None:
    from dawnbench.report.text.log import write_log

    if display.folder is not None:
        write_log(display.folder, time_format)


def _finish(tracking: TrackingObserver | None) -> list[str]:
    return [] if tracking is None else tracking.finish()


def _open_tracking(display: Display, names: tuple[str, ...], out: Path) -> TrackingObserver:
    from dawnbench.cli.tracking import TrackingObserver, open_trackers

    return TrackingObserver(display, open_trackers(names, out))


def _display(console: Console, as_json: bool, time_format: TimeFormat) -> Display:
    from dawnbench.report.display import JsonLinesDisplay, PlainDisplay, TerminalDisplay

    if as_json:
        return JsonLinesDisplay(sys.stdout)
    if console.is_terminal:
        return TerminalDisplay(console, time_format)
    return PlainDisplay(sys.stdout, time_format)


def _close_json(display: Display) -> None:
    """Write the closing event if the display writes events and there is a run folder."""
    from dawnbench.records.reader import read_run
    from dawnbench.report.display import JsonLinesDisplay

    if isinstance(display, JsonLinesDisplay) and display.folder is not None:
        display.summary(read_run(display.folder))


def _sum_up(display: Display, console: Console, tracked: Sequence[str], interrupted: bool) -> EndedRun:
    """Print what the run came to and what the trackers say, or the closing event."""
    from dawnbench.campaigns.series import EndedRun
    from dawnbench.records.reader import read_run
    from dawnbench.report.display import JsonLinesDisplay
    from dawnbench.report.display.ending import missed_trials, print_ending, print_line, print_results

    folder, as_json = display.folder, isinstance(display, JsonLinesDisplay)
    recorded = None if folder is None else read_run(folder)
    if recorded is not None and not as_json:
        print_results(console, recorded)
        _print_costs(recorded, console)
        print_line(console, str(recorded.folder / "log.md"))
    for sentence in tracked:
        click.echo(plain(sentence), err=as_json)
    if recorded is None:
        return EndedRun(None, "interrupted")
    if isinstance(display, JsonLinesDisplay):
        display.summary(recorded)
    else:
        print_ending(console, recorded)
    missed = bool(missed_trials(recorded))
    if interrupted:
        return EndedRun(folder, "interrupted", missed)
    diverged = any(trial.status == "diverged" for trial in recorded.trials)
    return EndedRun(folder, "diverged" if diverged else "done", missed)


def _print_costs(recorded: Run, console: Console) -> None:
    """Print what reaching the target cost, as far as prices are known."""
    from dawnbench.cli.configuration import price_list
    from dawnbench.records.trial_set import trial_set_of
    from dawnbench.report.display.ending import print_line
    from dawnbench.report.text.costs import cost_sentences
    from dawnbench.stats.spending import spending
    from dawnbench.stats.trial_summary import summarise

    trials = trial_set_of(recorded)
    try:
        prices = price_list().prices_of(trials)
        said = list(cost_sentences(spending(trials, SERIES_RULE, prices), summarise(trials)))
    except DawnbenchError as error:  # the run is done, whatever is wrong with the prices
        said = [str(error)]
    for sentence in said:
        print_line(console, sentence)
