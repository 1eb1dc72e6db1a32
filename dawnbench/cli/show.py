"""The verb `dawnbench show`: a recipe as resolved, or what a run's trials come to."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import (
    complete_recipe,
    data_option,
    is_run,
    price_options,
    resolve,
    rule_option,
    set_option,
)

if TYPE_CHECKING:
    from dawnbench.recipes import Recipe
    from dawnbench.recipes.shipped_counts import RecipeCounts
    from dawnbench.stats.cost import Prices


@main.command()
@click.argument("what", metavar="RECIPE|RUN", shell_complete=complete_recipe)
@data_option
@set_option
@rule_option
@price_options
def show(what: str, data: str | None, settings: tuple[str, ...], rule: str, prices: Prices) -> None:
    """Show a recipe, or what a run's trials come to.

    RECIPE is a recipe's name or file; its keys, layers, parameters, FLOPs and peak memory are shown. RUN is a
    run folder, a baseline file or a quoted glob over run folders; their figures are shown with their spread,
    what they prove, and what is doubtful about them.
    """
    if is_run(what):
        if data is not None or settings:
            raise click.UsageError(f"--data and --set go with a recipe, and {what} is a run")
        show_run(what, rule, prices)
    else:
        resolved = resolve(what, settings, data=data)
        from dawnbench.recipes.catalogue import PLACES

        click.echo(describe_recipe(resolved, shipped=what in PLACES))


def show_run(what: str, rule: str, prices: Prices) -> None:
    """Print the figures of run folders or of a baseline.

    Raises:
        DawnbenchError: nothing is there, or it cannot be read.
    """
    from dawnbench.cli.configuration import prices_for
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.run_summary import summary_report
    from dawnbench.stats.pooling import open_trial_set
    from dawnbench.stats.run_warnings import find_warnings
    from dawnbench.stats.trial_summary import summarise

    series = open_trial_set(what)
    found = prices_for(series.device_name, prices)
    open_console().print(
        summary_report(series, summarise(series), find_warnings(series, rule), found, rule), highlight=False
    )


def describe_recipe(recipe: Recipe, shipped: bool) -> str:
    """Return every key as `--set` takes it, the layers, the parameters, the FLOPs and the memory.

    With `shipped`, no code of the user's has to do with the recipe: what was counted of it is read from the
    package or, if settings were changed, kept for the next time. Neither needs torch. Data sets that must be
    read to know their shape keep nothing.
    """
    from dawnbench.recipes.overrides import leaf_paths, leaf_value
    from dawnbench.recipes.shipped_counts import shipped_counts

    keys = "\n".join(f"{path}={json.dumps(leaf_value(recipe, path))}" for path in leaf_paths(recipe))
    counts = shipped_counts(recipe) if shipped else None
    text = _kept_or_counted(recipe, shipped) if counts is None else counts_text(counts)
    return f"{_parts(recipe)}\n\n{keys}\n\ndigest {recipe.digest()}\n\n{text}"


def _kept_or_counted(recipe: Recipe, shipped: bool) -> str:
    """Return what the user's cache folder holds of a recipe; count it and keep that if there is nothing."""
    from dawnbench.cli import kept_text
    from dawnbench.data.sources.names import KNOWN_SHAPES
    from dawnbench.report.text.status_line import waiting_for

    path = kept_text.path_for(recipe) if shipped and recipe.dataset.name in KNOWN_SHAPES else None
    text = None if path is None else kept_text.recall(path)
    if text is None:
        with waiting_for("loading torch"):
            from dawnbench.engine.recipe_counts import count_recipe
        with waiting_for(f"building {recipe.name}"):
            text = counts_text(count_recipe(recipe))
        if path is not None:
            kept_text.keep(path, text)
    return text


def counts_text(counts: RecipeCounts) -> str:
    """Return the table of layers with the totals, and how much memory a trial takes."""
    from dawnbench.report.text.sections import model_table
    from dawnbench.report.units import number_bytes

    peaks = [
        f"{'unknown' if peak is None else number_bytes(peak)} on {place}"
        for place, peak in counts.peak_bytes.items()
    ]
    memory = f"Peak memory of a trial, data set included: {', '.join(peaks)}."
    return f"{model_table(counts.model)}\n{memory}"


def _parts(recipe: Recipe) -> str:
    """Return a line a place with the kinds of part that fill it; a part may have no key to show itself by."""
    from dawnbench.recipes.part import Part, kind_of

    lines = []
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        if parts and all(isinstance(part, Part) for part in parts):
            lines.append(f"{field.name}: {', '.join(kind_of(part) for part in parts)}")
    return "\n".join(lines)
