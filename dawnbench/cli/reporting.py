"""A report on runs, written or printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import read_run
from dawnbench.records.rules import known_rule
from dawnbench.report.log_views import LogView
from dawnbench.report.run_report import report

STDOUT = Path("-")


def report_on(folders: Sequence[Path], out: Path | None, view: LogView, rule: str) -> None:
    """Write the report and print where it lies, or print the report itself for `-`.

    Raises:
        DawnbenchError: a run cannot be read, or there is no one place for the report.
    """
    known_rule(rule)
    runs = [read_run(folder) for folder in folders]
    if out == STDOUT:
        click.echo(report(runs, rule, view), nl=False)
        return
    if len(runs) > 1 and (out is None or out.suffix.lower() in (".html", ".htm")):
        raise DawnbenchError(
            f"{len(runs)} runs make one text: name it with -o report.md (a page is of one run; "
            "`dawnbench site` makes pages of many)"
        )
    from dawnbench.report.write import places, write_report

    for path in write_report(runs, rule, view, places(runs, out)):
        click.echo(path)
