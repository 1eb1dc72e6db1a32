"""The verb `dawnbench doctor`."""

from __future__ import annotations

import click

from dawnbench.cli.group import main


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def doctor(as_json: bool) -> None:
    """Find what would spoil a measurement on this machine.

    It also says which optional extras are installed.
    """
    from rich.console import Console

    from dawnbench.doctor import examine
    from dawnbench.export.findings_json import findings_json
    from dawnbench.report.text.findings import findings_table

    if as_json:
        click.echo(findings_json(examine()), nl=False)
    else:
        Console().print(findings_table(examine()))
