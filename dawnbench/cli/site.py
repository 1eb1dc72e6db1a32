"""The verb `dawnbench site`."""

from __future__ import annotations

from pathlib import Path

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place, rule_option
from dawnbench.cli.run_argument import complete_run
from dawnbench.safe_text import one_line

MAX_TROUBLES = 20
"""Sentences about runs that cannot be read or compared; the index page has all of them."""


@main.command()
@click.argument("runs", type=click.Path(path_type=Path), default=Path("runs"), shell_complete=complete_run)
@click.option(
    "-o",
    "--out",
    type=Place(path_type=Path),
    default=Path("site"),
    show_default=True,
    help="Write the site into this folder.",
)
@rule_option
def site(runs: Path, out: Path, rule: str) -> None:
    """Write a static site about the run folders in RUNS.

    RUNS defaults to the folder "runs"; it may also be a single run.

    The site has leaderboards, the history of each series of runs with step changes marked, and one page per
    run and comparison. Any web server can serve the files, and they also open from disk. Pages of runs and
    comparisons that have not changed are kept. --rule is the timing rule for verdicts and step changes.
    """
    from dawnbench.records.run_names import named_run
    from dawnbench.report.site import build_site

    if not runs.exists():
        runs = named_run(runs) or runs
    built = build_site(runs, out, rule=rule)
    for trouble in built.troubles[:MAX_TROUBLES]:
        click.echo(f"dawnbench: {one_line(trouble)}", err=True)
    if (more := len(built.troubles) - MAX_TROUBLES) > 0:
        click.echo(f"dawnbench: {more} more cannot be read or compared", err=True)
    what = f"{built.runs:,} {'run' if built.runs == 1 else 'runs'}"
    click.echo(f"{one_line(str(built.index))}: {what}, {built.written:,} of {built.pages:,} files written")
