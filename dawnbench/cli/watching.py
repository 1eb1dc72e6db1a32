"""A run that goes on, shown in the terminal."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path

import click

from dawnbench.records.reader import read_run
from dawnbench.report.console import open_console
from dawnbench.report.display import PlainDisplay, TerminalDisplay, summary_table
from dawnbench.report.watch import watch
from dawnbench.safe_text import one_line, plain


def follow(folder: Path) -> None:
    """Show the run's events until it ends, then what its trials came to.

    Raises:
        DawnbenchError: it is no run folder, or is damaged.
    """
    console = open_console()
    display = (
        TerminalDisplay(console, "milliseconds")
        if console.is_terminal
        else PlainDisplay(sys.stdout, "milliseconds")
    )
    with closing(display):
        watch(
            folder,
            display,
            pause=time.sleep,
            clock=time.monotonic,
            complain=lambda sentence: click.echo(f"dawnbench: {one_line(sentence)}", err=True),
        )
    run = read_run(folder)
    console.print(summary_table(run))
    console.print(plain(f"{run.record.status}: {folder}"), highlight=False, markup=False, soft_wrap=True)
