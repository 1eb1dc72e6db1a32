"""The verb `dawnbench ab`: run two recipes in pairs and compare them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.ab_models import is_model, run_models_and_compare
from dawnbench.cli.ab_pairs import measure_and_compare, open_display
from dawnbench.cli.auto import trials_options
from dawnbench.cli.compare import ComparisonOptions
from dawnbench.cli.exit_codes import DIVERGED, DONE, EXPLAINED, INTERRUPTED
from dawnbench.cli.group import main
from dawnbench.cli.infer import runtime_options
from dawnbench.cli.options import (
    across_option,
    data_option,
    device_option,
    epochs_option,
    out_option,
    price_options,
    resolve,
    rule_option,
    seed_option,
    set_option,
    sides,
    tag_option,
    target_option,
)
from dawnbench.cli.show import complete_recipe_or_run
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.errors import DawnbenchError
from dawnbench.records.tags import parse_tags

if TYPE_CHECKING:
    from dawnbench.campaigns import Observer
    from dawnbench.recipes import Recipe
    from dawnbench.records.prices import Prices
    from dawnbench.stats.sequential import AutoTrials


@main.command(epilog=EXPLAINED)
@click.argument("recipes", nargs=-1, required=True, metavar="A [B]", shell_complete=complete_recipe_or_run)
@trials_options(
    "Trials of each recipe; auto: until the verdict is settled.",
    "With auto: also stop once the ratio is shown to be within this share of 1.",
    default=20,
)
@seed_option
@data_option
@device_option
@epochs_option
@set_option
@target_option
@tag_option
@out_option
@rule_option
@across_option
@runtime_options(sides=True)
@click.option(
    "--python",
    "pythons",
    type=click.Path(),
    multiple=True,
    metavar="PATH",
    help="Run each trial in a new process of this Python, or of the dawnbench checkout in this folder; give "
    "it twice, first for A, then for B.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the comparison as a JSON array; everything else goes to stderr.",
)
@price_options
@stopping_like_ctrl_c()
@going_on_without_readers()
def ab(
    recipes: tuple[str, ...],
    settings: tuple[str, ...],
    rule: str,
    across: bool,
    pythons: tuple[str, ...],
    as_json: bool,
    prices: Prices,
    auto: AutoTrials | None,
    **options: Any,
) -> None:
    """Run two recipes alternately and compare them pair by pair.

    The order alternates with every pair (ABBA), so that neither side gets the colder machine. With two
    recipes, --set applies to both. With one recipe, give --set twice: first for A, then for B. With --python,
    one recipe is enough: the two sides may be two environments, such as two versions of torch.

    Instead of recipes, give two runs that kept their models, or model files, to time the models' answers in
    turns as `dawnbench infer` does; or one, with an option such as --runtime given twice.
    """
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.text.status_line import waiting_for

    options["tags"] = parse_tags(options["tags"])
    leaves = {leaf: options.pop(leaf) for leaf in ("data", "epochs", "target")}
    shown = ComparisonOptions(rule, across, as_json, prices)
    about_models = {
        name: options.pop(name) for name in ("runtime", "compile", "precision", "batch", "recipe")
    }
    about_recipes = {
        "set": settings,
        "python": pythons,
        "epochs": leaves["epochs"],
        "seed": options["seed"],
        "rule": rule if rule not in ("dawnbench", "inference") else None,
    }
    models = [name for name in recipes if is_model(name)]
    if models and len(models) < len(recipes):
        raise click.UsageError("ab takes two recipes or two kept models, not one of each")
    unused = about_recipes if models else about_models
    if misplaced := next((name for name, value in unused.items() if value), None):
        what, goes = ("a kept model", "recipes") if models else ("a recipe", "kept models")
        raise click.UsageError(f"--{misplaced} goes with {goes}, and {recipes[0]} is {what}")
    if models:
        del options["seed"], leaves["epochs"]
        sys.exit(run_models_and_compare(recipes, shown, auto=auto, **options, **leaves, **about_models))
    if pythons:
        if auto is not None:
            raise click.UsageError("--trials auto does not go with --python; give a number of trials")
        given = [(recipes[0], settings)] * 2 if len(recipes) == 1 else sides(recipes, settings)
        from dawnbench.cli.ab_pythons import run_pythons_and_compare

        sys.exit(run_pythons_and_compare(given, pythons, shown, leaves, **options))
    with waiting_for("loading torch", silent=as_json):
        pair = [resolve(recipe, given, **leaves) for recipe, given in sides(recipes, settings)]
        check_seeds(options["seed"], options["trials"])
        importlib.import_module("dawnbench.campaigns")  # loads torch while the status line says so

    sys.exit(run_and_compare(pair[0], pair[1], shown, auto=auto, **options))


def run_and_compare(
    recipe_a: Recipe,
    recipe_b: Recipe,
    shown: ComparisonOptions,
    *,
    trials: int,
    auto: AutoTrials | None,
    seed: int,
    device: str,
    out: Path,
    tags: Mapping[str, str] | None = None,
) -> int:
    """Run both alternately, write each log.md and print the comparison; return the exit code.

    Raises:
        DawnbenchError: the two cannot be compared, which is checked before anything runs; or something is
            wrong with the data, the device or the disk.
    """
    from dawnbench import campaigns
    from dawnbench.cli.configuration import price_list
    from dawnbench.records.rules import rule_for

    _check(recipe_a, recipe_b, shown)
    price_list(shown.prices)
    display = open_display(shown, rule_for("training", shown.rule), trials, at_most=auto is not None)

    def measure(observers: tuple[Observer, Observer]) -> None:
        campaigns.ab(
            recipe_a,
            recipe_b,
            pairs=auto or trials,
            device=device,
            seed=seed,
            out=out,
            observers=observers,
            command=("dawnbench", *sys.argv[1:]),
            tags=tags,
            prices=shown.prices,
        )

    runs, interrupted = measure_and_compare(measure, display, shown)
    if interrupted:
        return INTERRUPTED
    diverged = any(trial.status == "diverged" for run in runs for trial in run.trials)
    return DIVERGED if diverged else DONE


def _check(recipe_a: Recipe, recipe_b: Recipe, shown: ComparisonOptions) -> None:
    """Refuse recipes that could not be compared, before anything runs."""
    if shown.rule == "cold":
        raise DawnbenchError(
            "ab runs both sides on one warm device, so neither is cold; choose another --rule, or "
            "compare separate runs with `dawnbench compare`"
        )
    differing = [
        f"{what} {left} and {right}"
        for what, left, right in (
            ("target", recipe_a.target, recipe_b.target),
            ("data", recipe_a.dataset.name, recipe_b.dataset.name),
        )
        if left != right
    ]
    if differing and not shown.across:
        raise DawnbenchError(
            f"A and B differ in more than speed: {'; '.join(differing)}; "
            "add --across if this difference is what you want to measure"
        )
