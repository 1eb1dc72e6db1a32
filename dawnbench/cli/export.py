"""The verb that writes runs in the formats of others."""

from __future__ import annotations

from typing import Any

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place
from dawnbench.export.trackers import TRACKERS
from dawnbench.safe_text import one_line

TABLES = ("csv", "parquet")
OPTIONS_OF = {
    "dawnbench": ("trial", "author", "author_email", "code_url", "framework", "hardware", "cost_per_hour"),
    "mlperf": ("trial", "author"),
}
"""By format: what it takes beside runs and a place."""
FORMATS = ("dawnbench", "mlperf", *TABLES, "json", *TRACKERS)

EXPLAINED = f"""\b
Formats:
  dawnbench     an entry for the official repository: a JSON and a TSV file
  mlperf        :::MLLOG lines, a file a trial, and the rules to check them by
  csv, parquet  trials, epochs and telemetry of all runs as three tables
  json          a document a run, by the published schema
  {", ".join(TRACKERS)}
                a store of that tracker"""


@main.command(epilog=EXPLAINED)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--format", "kind", type=click.Choice(FORMATS), required=True, help="See below.")
@click.option(
    "-o",
    "--out",
    metavar="FOLDER",
    type=Place(allow_dash=True),
    help="Where to, by default exports/FORMAT, for trackers tracking/FORMAT beside the run; for json also a "
    "file's name, or - for standard output.",
)
@click.option(
    "--trial", type=click.IntRange(min=1), help="Only this one, not the median or all (dawnbench, mlperf)."
)
@click.option(
    "--author", help="Who submits; otherwise name under [author] in config.toml (dawnbench, mlperf)."
)
@click.option("--author-email", help="Their address; otherwise email under [author] (dawnbench).")
@click.option("--code-url", help="Where the code lies; otherwise code_url under [author] (dawnbench).")
@click.option("--framework", help="If not PyTorch with the run's version (dawnbench).")
@click.option("--hardware", help="If not the device's name; with a cloud's instance type (dawnbench).")
@click.option("--cost-per-hour", type=float, help="Dollars an hour; otherwise by config.toml (dawnbench).")
def export(runs: tuple[str, ...], kind: str, out: str | None, **options: Any) -> None:
    """Write runs in the formats of others, and print the paths.

    RUN is a run folder, a folder of run folders, or a quoted glob over either.
    """
    given = [name for name, value in options.items() if value is not None]
    unused = [name for name in given if name not in OPTIONS_OF.get(kind, ())]
    if unused:
        raise click.UsageError(f"--{unused[0].replace('_', '-')} does not go with --format {kind}")
    from dawnbench.cli.exporting import export_runs

    for line in export_runs(runs, kind, out, options):
        click.echo(one_line(line))
