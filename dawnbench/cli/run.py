"""A run as the command line does it: shown while it goes on, logged and summed up at its end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from dawnbench.campaigns import run
from dawnbench.cli.exit_codes import DIVERGED, DONE, INTERRUPTED
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import Recipe
from dawnbench.records.reader import read_run
from dawnbench.report.console import open_console
from dawnbench.report.display import JsonLinesDisplay, PlainDisplay, TerminalDisplay, summary_table
from dawnbench.report.display.common import Display
from dawnbench.report.log import write_log
from dawnbench.report.log_table import TimeFormat
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from dawnbench.cli.tracking import TrackingObserver


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
    console = open_console()
    display = _display(console, as_json, time_format)
    tracking = _open_tracking(display, track, out) if track else None
    interrupted = False
    try:
        with closing(display):
            display.preparing(f"preparing {recipe.name}")
            run(
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
    if display.folder is not None:
        write_log(display.folder, time_format)


def _finish(tracking: TrackingObserver | None) -> list[str]:
    return [] if tracking is None else tracking.finish()


def _open_tracking(display: Display, track: Sequence[str], out: Path) -> TrackingObserver:
    from dawnbench.cli.tracking import TrackingObserver, open_trackers

    return TrackingObserver(display, open_trackers(track, out))


def _display(console: Console, as_json: bool, style: TimeFormat) -> Display:
    if as_json:
        return JsonLinesDisplay(sys.stdout)
    return TerminalDisplay(console, style) if console.is_terminal else PlainDisplay(sys.stdout, style)


def _sum_up(folder: Path | None, console: Console, as_json: bool, interrupted: bool) -> int:
    if folder is None:
        return INTERRUPTED
    recorded = read_run(folder)
    if not as_json:
        console.print(summary_table(recorded))
        console.print(plain(str(folder / "log.md")), highlight=False, markup=False, soft_wrap=True)
    if interrupted:
        return INTERRUPTED
    return DIVERGED if any(trial.status == "diverged" for trial in recorded.trials) else DONE
