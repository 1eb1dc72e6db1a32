"""Runs a recipe while showing its progress, and logs and summarises it at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dawnbench.cli.exit_codes import DIVERGED, DONE, INTERRUPTED
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from rich.console import Console

    from dawnbench.campaigns.observer import Observer
    from dawnbench.campaigns.series import EndedRun
    from dawnbench.cli.tracking import TrackingObserver
    from dawnbench.recipes import Recipe
    from dawnbench.records.prices import Prices
    from dawnbench.records.reader import Run
    from dawnbench.report.display.display import Display
    from dawnbench.report.text.log_table import TimeFormat
    from dawnbench.stats.sequential import AutoTrials

EXIT_CODES = {"done": DONE, "diverged": DIVERGED, "interrupted": INTERRUPTED}
COST_RULE = "dawnbench"
"""The timing rule whose time is priced."""


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

    def start(observer: Observer) -> None:
        _run(recipe, options, observer, own_process=own_process)

    track = (options.track, options.out)
    return show_while(start, f"preparing {recipe.name}", options.as_json, options.time_format, track)


def run_silently(recipe: Recipe, options: RunOptions) -> None:
    """Take part in a run that rank 0 records and shows."""
    _run(recipe, options, None, own_process=False)


def _run(recipe: Recipe, options: RunOptions, observer: Observer | None, *, own_process: bool) -> None:
    from dawnbench import campaigns

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
        said = list(cost_sentences(spending(trials, COST_RULE, prices), summarise(trials)))
    except DawnbenchError as error:  # the run is done, whatever is wrong with the prices
        said = [str(error)]
    for sentence in said:
        print_line(console, sentence)
