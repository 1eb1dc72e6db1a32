"""The verbs that show runs to people: as a report, and as they go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place, rule_option

if TYPE_CHECKING:
    from dawnbench.cli.reporting import Style
    from dawnbench.report.log_views import LogView


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=Place(path_type=Path, allow_dash=True, dir_okay=False),
    help="A .md file, an .html file (one run's page), or - to print the text; figures go beside it.",
)
@click.option(
    "--log",
    "view",
    type=click.Choice(["dawn", "progress", "epochs"]),
    help="How the training log is shown: a table, a progress log, or lines an epoch.  "
    "[default: dawn; epochs in a write-up]",
)
@click.option(
    "--style",
    type=click.Choice(["full", "writeup"]),
    default="full",
    show_default=True,
    help="All of a run, or a model's target, results and analysis.",
)
@click.option(
    "--recipe",
    "recipes",
    multiple=True,
    metavar="FILE.py",
    help="A recipe of your own whose words a write-up takes where they are newer than the run; repeatable.",
)
@rule_option
def report(
    runs: tuple[Path, ...],
    out: Path | None,
    view: LogView | None,
    style: Style,
    recipes: tuple[str, ...],
    rule: str,
) -> None:
    """Write a report on each RUN: text, figures and a page.

    Of one run it goes into its folder: report.md, report.html and figures/. Several runs come into one file
    that --out names, each later one held against the first.

    A write-up is writeup.md in the folder of one run. Several runs make a series, in the order given: a
    section a model, a table of all and a plot of their curves. Runs of one recipe with other seeds are one
    model. The words are those that the recipe has now, if it is otherwise what was run, and else those of the
    run.
    """
    from dawnbench.cli.reporting import report_on

    report_on(runs, out, view, rule, style, recipes)


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
def watch(run_folder: Path) -> None:
    """Follow a RUN that is going on, from its folder alone.

    Ends when the run does, or by Ctrl+C, which leaves the run as it is.
    """
    from dawnbench.cli.watching import follow

    follow(run_folder)
