"""Options and arguments that several verbs share."""

from __future__ import annotations

from functools import wraps
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.parameter_types import ACCURACY, DATA, DEVICE, SETTING
from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import RULES_BY_NAME

if TYPE_CHECKING:
    from dawnbench.recipes import Recipe


def complete_recipe(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    """Return the recipes whose names start like this."""
    from dawnbench.recipes.catalogue import PLACES

    return [name for name in PLACES if name.startswith(incomplete)]


recipe_argument = click.argument("recipe", shell_complete=complete_recipe)


class Place(click.Path):
    """A path to write to; `-` means standard output if `allow_dash` is set, and is refused otherwise."""

    def convert(self, value: Any, parameter: Any, context: Any) -> Any:
        """Return the path; an empty one is refused, since Python treats it as the working folder."""
        if value == "":
            self.fail("it is empty; write . for the working folder", parameter, context)
        if value == "-" and not self.allow_dash:
            kind = "folder" if self.dir_okay else "file"
            self.fail(
                f"it cannot be standard output; name a {kind} (./- for one called -)", parameter, context
            )
        return super().convert(value, parameter, context)


set_option = click.option(
    "--set",
    "settings",
    type=SETTING,
    multiple=True,
    metavar="KEY=VALUE",
    help="Change any setting of the recipe; repeatable.",
)
tag_option = click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY=VALUE",
    help="Record this with the run, such as branch=main; repeatable.",
)
data_option = click.option(
    "--data", type=DATA, metavar="NAME", help="Name of a data set, an .npz file or an image folder."
)
time_format_option = click.option(
    "--time-format",
    type=click.Choice(["milliseconds", "seconds"]),
    default="milliseconds",
    show_default=True,
    help="How log.md writes times under a minute: 00m 01.284s or 00m 01s.",
)


rule_option = click.option(
    "--rule",
    type=click.Choice(list(RULES_BY_NAME)),
    default="dawnbench",
    show_default=True,
    help="Timing rule.",
)
reading_rule_option = click.option(
    "--rule",
    type=click.Choice(list(RULES_BY_NAME)),
    show_default="dawnbench; inference for inference runs",
    help="Timing rule.",
)
across_option = click.option(
    "--across", is_flag=True, help="Compare even if data, targets, recipes or thread counts differ."
)
out_option = click.option(
    "--out",
    type=Place(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="Folder for run folders.",
)
device_option = click.option(
    "--device", type=DEVICE, default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps."
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the first trial; each later one adds 1."
)
epochs_option = click.option(
    "--epochs", type=click.IntRange(min=1), help="Epochs per trial; the schedule is stretched to fit."
)
target_option = click.option(
    "--target", type=ACCURACY, help="Validation accuracy to reach, such as 94% or 0.94."
)
recipe_file_option = click.option(
    "--recipe", metavar="FILE", help="The recipe file, if it defines parts of its own."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object; everything else goes to stderr."
)


def price_options(verb: Any) -> Any:
    """Add the three prices, which the verb gets as one `prices` with None for each that was not given."""

    @wraps(verb)
    def with_prices(
        *arguments: Any,
        cost_per_hour: float | None,
        price_per_kwh: float | None,
        grams_per_kwh: float | None,
        **options: Any,
    ) -> Any:
        from dawnbench.records.prices import Prices

        return verb(*arguments, prices=Prices(cost_per_hour, price_per_kwh, grams_per_kwh), **options)

    decorated: Any = with_prices
    for name, what in (
        ("--grams-per-kwh", "Grams of CO2 equivalent emitted per kWh."),
        ("--price-per-kwh", "Price of electricity in dollars per kWh."),
        ("--cost-per-hour", "Price of the machine in dollars per hour."),
    ):
        decorated = click.option(name, type=float, help=what)(decorated)
    return decorated


def is_run(what: str) -> bool:
    """Return whether a name means runs or a baseline, rather than a recipe or its file.

    The name of a recipe comes first, then a path, then a run of that name.

    Raises:
        DawnbenchError: several runs match the name, or there are too few runs for `latest~N`.
    """
    from dawnbench.recipes.catalogue import PLACES, SERIES

    if what in PLACES or what in SERIES or what.endswith(".py"):
        return False
    if Path(what).exists() or Path(what).name != what or what.endswith(".json") or has_magic(what):
        return True
    from dawnbench.records.run_names import is_like_run_name, named_run

    return named_run(what) is not None or is_like_run_name(what)


def resolve(recipe: str, settings: tuple[str, ...], **leaves: Any) -> Recipe:
    """Return the named recipe with these settings and with the leaves that are not None."""
    from dawnbench.recipes import find_recipe
    from dawnbench.recipes.overrides import adapt

    return adapt(find_recipe(recipe), settings, **leaves)


def resolve_series(name: str, settings: tuple[str, ...], **leaves: Any) -> tuple[Recipe, ...] | None:
    """Return the recipes of a series with the settings and leaves put into each; None if it is not a series.

    Raises:
        DawnbenchError: a recipe, which is named, does not accept them.
    """
    from dawnbench.recipes.catalogue import find_series
    from dawnbench.recipes.overrides import adapt

    def adapted(recipe: Recipe) -> Recipe:
        try:
            return adapt(recipe, settings, **leaves)
        except DawnbenchError as error:
            raise DawnbenchError(f"{recipe.name}: {error}") from error

    series = find_series(name)
    return None if series is None else tuple(map(adapted, series))


def sides(recipes: tuple[str, ...], settings: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the two recipes of a comparison, each with its settings.

    Raises:
        DawnbenchError: there are neither two recipes nor one with two settings.
    """
    if len(recipes) == 2:
        return [(recipe, settings) for recipe in recipes]
    if len(recipes) == 1 and len(settings) == 2:
        return [(recipes[0], (setting,)) for setting in settings]
    raise DawnbenchError(
        "ab takes two recipes, or one with two --set (the first for A, the second for B); it got "
        f"{len(recipes)} recipe{'s' if len(recipes) > 1 else ''} and {len(settings) or 'no'} --set"
    )
