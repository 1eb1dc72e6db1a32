"""The verb `dawnbench watch`."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dawnbench.cli.group import main
from dawnbench.cli.run_argument import RUN_FOLDER
from dawnbench.safe_text import one_line

if TYPE_CHECKING:
    from dawnbench.report.display.display import Display


@main.command()
@click.argument("run_folder", metavar="RUN", type=RUN_FOLDER)
def watch(run_folder: Path) -> None:
    """Follow a RUN in progress, reading only its folder.

    RUN is a run folder, or a run's name as `dawnbench runs` prints it, or latest.

    Ends when the run ends, or on Ctrl+C, which does not affect the run.
    """
    follow(run_folder)


def follow(folder: Path) -> None:
    """Show the run's events until it ends, then a summary of its trials.

    Raises:
        DawnbenchError: it is not a run folder, or is damaged.
    """
    from dawnbench.cli.show import show_run
    from dawnbench.records.prices import NO_PRICES
    from dawnbench.records.reader import read_run
    from dawnbench.records.tail import Tail
    from dawnbench.report.display import PlainDisplay, TerminalDisplay
    from dawnbench.report.display.ending import print_ending, print_line, print_results
    from dawnbench.report.display.inference import InferenceDisplay
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.watch import watch as watch_run

    console = open_console()
    with closing(Tail(folder)) as tail:
        answers = tail.record().inference is not None
    display: Display
    if answers:
        display = InferenceDisplay(console)
    elif console.is_terminal:
        display = TerminalDisplay(console, "milliseconds")
    else:
        display = PlainDisplay(sys.stdout, "milliseconds")
    with closing(display):
        watch_run(
            folder,
            display,
            pause=time.sleep,
            clock=time.monotonic,
            complain=lambda sentence: click.echo(f"dawnbench: {one_line(sentence)}", err=True),
        )
    run = read_run(folder)
    ended = f"{run.record.status}: {folder}"
    if answers:
        click.echo()
        show_run(str(folder), None, NO_PRICES)
        print_line(console, ended)
    else:
        print_results(console, run)
        print_line(console, ended)
        print_ending(console, run)
