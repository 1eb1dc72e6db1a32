"""The verbs that show runs to people: as a report, and as they go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import rule_option

if TYPE_CHECKING:
    from dawnbench.report.log_views import LogView


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="A .md file, an .html file (one run's page), or - to print the text; figures go beside it.",
)
@click.option(
    "--log",
    "view",
    type=click.Choice(["dawn", "progress", "epochs"]),
    default="dawn",
    show_default=True,
    help="How the training log is shown: a table, a progress log, or lines an epoch.",
)
@rule_option
def report(runs: tuple[Path, ...], out: Path | None, view: LogView, rule: str) -> None:
    """Write a report on each RUN: text, figures and a page.

    Of one run it goes into its folder: report.md, report.html and figures/. Several runs come into one file
    that --out names, each later one held against the first.
    """
    from dawnbench.cli.reporting import report_on

    report_on(runs, out, view, rule)


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
def watch(run_folder: Path) -> None:
    """Follow a RUN that is going on, from its folder alone.

    Ends when the run does, or by Ctrl+C, which leaves the run as it is.
    """
    from dawnbench.cli.watching import follow

    follow(run_folder)
