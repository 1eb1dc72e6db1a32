"""The verb `dawnbench list`."""

from __future__ import annotations

import click

from dawnbench.cli.group import main


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def list_(as_json: bool) -> None:
    """List the recipes."""
    from rich.console import Console
    from rich.table import Table

    from dawnbench.recipes import list_recipes
    from dawnbench.recipes.catalogue import SERIES

    if as_json:
        from dawnbench.export.recipe_json import ListedRecipe, ListedSeries, recipes_json

        recipes = (
            ListedRecipe(one.name, one.target, one.summary, one.dataset.name, one.epochs, one.trials)
            for one in list_recipes()
        )
        series = (ListedSeries(name, members) for name, members in SERIES.items())
        click.echo(recipes_json(recipes, series), nl=False)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("recipe", "target", "what it is"):
        table.add_column(column)
    for recipe in list_recipes():
        table.add_row(recipe.name, f"{100 * recipe.target:g} %", recipe.summary)
    for name, members in SERIES.items():
        table.add_row(name, "", f"a series to run: {members[0]} to {members[-1]}")
    Console().print(table)
