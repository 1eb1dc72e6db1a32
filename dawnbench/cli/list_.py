"""The verb `dawnbench list`."""

from __future__ import annotations

from dawnbench.cli.group import main


@main.command("list")
def list_() -> None:
    """List the recipes."""
    from rich.console import Console
    from rich.table import Table

    from dawnbench.recipes import list_recipes
    from dawnbench.recipes.catalogue import SERIES

    table = Table(box=None, pad_edge=False)
    for column in ("recipe", "target", "what it is"):
        table.add_column(column)
    for recipe in list_recipes():
        table.add_row(recipe.name, f"{100 * recipe.target:g} %", recipe.summary)
    for name, members in SERIES.items():
        table.add_row(name, "", f"a series to run: {members[0]} to {members[-1]}")
    Console().print(table)
