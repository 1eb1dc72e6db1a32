"""The verb `dawnbench doctor`."""

from __future__ import annotations

from dawnbench.cli.group import main


@main.command()
def doctor() -> None:
    """Find what would spoil a measurement on this machine."""
    from rich.console import Console

    from dawnbench.doctor import examine
    from dawnbench.report.text.findings import findings_table

    Console().print(findings_table(examine()))
