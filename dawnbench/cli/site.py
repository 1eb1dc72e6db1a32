"""The verb `dawnbench site`."""

from __future__ import annotations

from pathlib import Path

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place, rule_option
from dawnbench.safe_text import one_line

MAX_TROUBLES = 20
"""Sentences about folders that cannot be read; all of them are on the first page."""


@main.command()
@click.argument("runs", type=click.Path(path_type=Path), default=Path("runs"))
@click.option(
    "-o",
    "--out",
    type=Place(path_type=Path),
    default=Path("site"),
    show_default=True,
    help="The folder to write, or to bring up to date.",
)
@rule_option
def site(runs: Path, out: Path, rule: str) -> None:
    """Write a static site over the run folders in RUNS.

    RUNS is the folder "runs" unless named.

    A leaderboard, the history of each series of runs with its step changes marked, and a page for each run
    and comparison. Any host serves the files, and they open from a disk. Only what changed since the last
    time is written anew; --rule is the clock that verdicts and step changes are by.
    """
    from dawnbench.report.site import build_site

    built = build_site(runs, out, rule=rule)
    for trouble in built.troubles[:MAX_TROUBLES]:
        click.echo(f"dawnbench: {one_line(trouble)}", err=True)
    if (more := len(built.troubles) - MAX_TROUBLES) > 0:
        click.echo(f"dawnbench: {more} more cannot be read or compared", err=True)
    what = f"{built.runs:,} {'run' if built.runs == 1 else 'runs'}"
    click.echo(f"{one_line(str(built.index))}: {what}, {built.written:,} of {built.pages:,} files written")
