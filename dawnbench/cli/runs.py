"""The verb `dawnbench runs`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO, get_args

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import reading_rule_option
from dawnbench.cli.parameter_types import ACCURACY
from dawnbench.records.index import index_runs
from dawnbench.records.inference import RunKind
from dawnbench.records.rules import known_rule
from dawnbench.records.selection import select
from dawnbench.records.tags import parse_tags
from dawnbench.safe_text import plain

MAX_TROUBLES = 20
"""Sentences about folders that cannot be read; the rest are counted."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))
@click.option("--recipe", help="Only recipes with this in their name, or that fit a pattern such as 'dav*'.")
@click.option("--device", help="Only devices with this in their name, or that fit a pattern.")
@click.option("--target", type=ACCURACY, help="Only runs to this accuracy, such as 94% or 0.94.")
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only runs with this tag; VALUE may be a pattern such as 'v1.*'; repeatable.",
)
@click.option("--since", metavar="DATE|AGE", help="Only runs made since 2026-11-01 (UTC), or in the last 7d.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N.")
@click.option(
    "--kind", type=click.Choice(list(get_args(RunKind))), help="Only trainings, or only inference runs."
)
@reading_rule_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object with all of them.")
def runs(folder: Path, **options: Any) -> None:
    """List the runs in FOLDER, runs/ by default."""
    list_runs(folder, **options)


def list_runs(
    folder: Path,
    *,
    recipe: str | None = None,
    device: str | None = None,
    target: str | float | None = None,
    tags: Sequence[str] = (),
    since: str | None = None,
    limit: int | None = None,
    kind: RunKind | None = None,
    rule: str | None = None,
    as_json: bool = False,
) -> None:
    """Print the runs in `folder`, newest first, and on standard error what could not be read.

    `recipe` and `device` are parts of the names or shell patterns, whatever their case; `target` is 0.94 or
    "94%". `tags` are KEY=VALUE with a value or a shell pattern; `since` is a date such as 2026-11-01 or an
    age such as 7d. The newest `limit` of those that match are printed, all if it is None. Times are under
    `rule`; None is `inference` for inference runs and `dawnbench` for the others.

    Raises:
        DawnbenchError: the folder or the rule does not exist, or an option is invalid.
    """
    from dawnbench.report.text.listing import coloured, listing

    if rule is not None:
        known_rule(rule)
    selection = select(recipe, device, target, parse_tags(tags), since, kind)
    index = index_runs(folder)
    runs = [run for run in index.runs if selection.takes(run)][:limit]
    if as_json:
        from dawnbench.export.listing_json import listing_json

        click.echo(listing_json(runs, index.troubles), nl=False)
    elif sys.stdout.isatty():
        from dawnbench.report.text.console import open_console

        text = _printable(
            listing(runs, rule, len(index.runs), shutil.get_terminal_size().columns), sys.stdout
        )
        open_console().print(coloured(text, runs), highlight=False, soft_wrap=True)
    else:
        click.echo(_printable(listing(runs, rule, len(index.runs), None), sys.stdout))
    _print_troubles(index.troubles)


def _print_troubles(troubles: Sequence[str]) -> None:
    sentences = [plain(trouble) for trouble in troubles[:MAX_TROUBLES]]
    if (more := len(troubles) - MAX_TROUBLES) > 0:
        sentences.append(f"{more} more run folders cannot be read")
    for sentence in sentences:
        click.echo(_printable(f"dawnbench: {sentence}", sys.stderr), err=True)


def _printable(text: str, stream: TextIO) -> str:
    """Return the text with a question mark for what the stream's encoding lacks."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
