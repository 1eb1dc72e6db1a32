"""The verb `dawnbench show`: a recipe as resolved, or what a run's trials come to."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from dawnbench.cli.group import main
from dawnbench.cli.options import (
    complete_recipe,
    data_option,
    is_run,
    price_options,
    reading_rule_option,
    resolve,
    set_option,
)
from dawnbench.cli.run_argument import complete_run

if TYPE_CHECKING:
    from dawnbench.recipes import Recipe
    from dawnbench.recipes.shipped_counts import RecipeCounts
    from dawnbench.records.prices import Prices


def complete_recipe_or_run(context: Any, parameter: Any, incomplete: str) -> list[CompletionItem]:
    """Return the runs and the recipes whose names start like this."""
    recipes = complete_recipe(context, parameter, incomplete)
    return [*complete_run(context, parameter, incomplete), *map(CompletionItem, recipes)]


@main.command()
@click.argument("what", metavar="RECIPE|RUN", shell_complete=complete_recipe_or_run)
@data_option
@set_option
@reading_rule_option
@price_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def show(
    what: str, data: str | None, settings: tuple[str, ...], rule: str | None, prices: Prices, as_json: bool
) -> None:
    """Show a recipe, or what a run's trials come to.

    RECIPE is a recipe's name or file; its keys, layers, parameters, FLOPs and peak memory are shown. RUN is a
    run (its folder, its name, or latest), a baseline file or a quoted glob over run folders; their figures
    are shown with their spread, what they prove, and what is doubtful about them. The name of a recipe means
    the recipe, and a path that exists comes before a run of that name.
    """
    if is_run(what):
        if data is not None or settings:
            raise click.UsageError(f"--data and --set go with a recipe, and {what} is a run")
        show_run(what, rule, prices, as_json)
    else:
        show_recipe(what, resolve(what, settings, data=data), as_json)


def show_run(what: str, rule: str | None, prices: Prices, as_json: bool = False) -> None:
    """Print the figures of run folders or of a baseline; a rule of None is that of their kind.

    Raises:
        DawnbenchError: nothing is there, or it cannot be read.
    """
    from dawnbench.cli.configuration import price_list
    from dawnbench.records.rules import rule_for
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.run_summary import summary_report
    from dawnbench.stats.pooling import open_trial_set
    from dawnbench.stats.run_warnings import find_warnings
    from dawnbench.stats.spending import spending
    from dawnbench.stats.trial_summary import summarise

    series = open_trial_set(what)
    rule = rule_for(series.identity.kind, rule)
    spent = spending(series, rule, price_list(prices).prices_of(series))
    figures = (series, summarise(series), find_warnings(series, rule), spent)
    if as_json:
        from dawnbench.export.summary_json import summary_json

        click.echo(summary_json(*figures), nl=False)
    else:
        open_console().print(summary_report(*figures), highlight=False)


def show_recipe(name: str, recipe: Recipe, as_json: bool) -> None:
    """Print every key as `--set` takes it, the layers, the parameters, the FLOPs and the memory.

    `name` is what the user called the recipe: one of the package, or a file.
    """
    from dawnbench.recipes.catalogue import PLACES
    from dawnbench.recipes.overrides import leaf_paths, leaf_value

    counts = _counts(recipe, name in PLACES, as_json)
    settings = {path: leaf_value(recipe, path) for path in leaf_paths(recipe)}
    parts = _parts(recipe)
    if as_json:
        from dawnbench.export.recipe_json import RecipeDocument, recipe_json
        from dawnbench.records.schema import SCHEMA_VERSION

        document = RecipeDocument(
            kind="dawnbench show recipe",
            schema_version=SCHEMA_VERSION,
            name=recipe.name,
            summary=recipe.summary,
            target=recipe.target,
            digest=recipe.digest(),
            parts=parts,
            settings=settings,
            model=counts.model,
            peak_memory_bytes=counts.peak_bytes,
        )
        click.echo(recipe_json(document), nl=False)
        return
    kinds = "\n".join(f"{place}: {', '.join(of_place)}" for place, of_place in parts.items())
    keys = "\n".join(f"{path}={json.dumps(value)}" for path, value in settings.items())
    click.echo(f"{kinds}\n\n{keys}\n\ndigest {recipe.digest()}\n\n{counts_text(counts)}")


def _counts(recipe: Recipe, shipped: bool, silent: bool) -> RecipeCounts:
    """Return what is counted of a recipe.

    With `shipped`, no code of the user's has to do with the recipe: what was counted of it is read from the
    package or, if settings were changed, kept for the next time. Neither needs torch. Data sets that must be
    read to know their shape keep nothing.
    """
    from dawnbench.recipes.shipped_counts import counts_from_json, counts_to_json, shipped_counts

    counts = shipped_counts(recipe) if shipped else None
    if counts is not None:
        return counts
    from dawnbench.cli import kept_text
    from dawnbench.data.sources.names import KNOWN_SHAPES
    from dawnbench.report.text.status_line import waiting_for

    path = kept_text.path_for(recipe) if shipped and recipe.dataset.name in KNOWN_SHAPES else None
    text = None if path is None else kept_text.recall(path)
    if text is not None:
        return counts_from_json(text)
    with waiting_for("loading torch", silent):
        from dawnbench.engine.recipe_counts import count_recipe
    with waiting_for(f"building {recipe.name}", silent):
        counts = count_recipe(recipe)
    if path is not None:
        kept_text.keep(path, counts_to_json(counts))
    return counts


def counts_text(counts: RecipeCounts) -> str:
    """Return the table of layers with the totals, and how much memory a trial takes."""
    from dawnbench.report.text.model_table import model_table
    from dawnbench.report.units import number_bytes

    peaks = [
        f"{'unknown' if peak is None else number_bytes(peak)} on {place}"
        for place, peak in counts.peak_bytes.items()
    ]
    memory = f"Peak memory of a trial, data set included: {', '.join(peaks)}."
    return f"{model_table(counts.model)}\n{memory}"


def _parts(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    """Return the kinds of part that fill each place; a part may have no key to show itself by."""
    from dawnbench.recipes.part import Part, kind_of

    found = {}
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        if parts and all(isinstance(part, Part) for part in parts):
            found[field.name] = tuple(map(kind_of, parts))
    return found
