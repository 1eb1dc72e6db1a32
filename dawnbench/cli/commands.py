"""The verbs about recipes and the machine: one short function each, which parses, calls and prints.

Only what a verb needs is imported, inside it: `--help` and `list` answer before torch could be loaded.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from dawnbench.cli.exit_codes import EXPLAINED
from dawnbench.cli.group import main
from dawnbench.cli.options import (
    complete_recipe,
    data_option,
    device_option,
    epochs_option,
    is_run,
    out_option,
    price_options,
    resolve,
    rule_option,
    seed_option,
    set_option,
    target_option,
    time_format_option,
)
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.safe_text import plain


def complete_recipe_or_series(context: Any, parameter: Any, incomplete: str) -> list[str]:
    """Return the recipes and the series whose names begin so."""
    from dawnbench.recipes.catalogue import SERIES

    series = [name for name in SERIES if name.startswith(incomplete)]
    return [*complete_recipe(context, parameter, incomplete), *series]


@main.command(epilog=EXPLAINED)
@click.argument("recipe", metavar="RECIPE|SERIES", shell_complete=complete_recipe_or_series)
@click.option("--trials", type=int, help="How many, each from a fresh seed.")
@seed_option
@data_option
@device_option
@epochs_option
@set_option
@target_option
@out_option
@click.option(
    "--save-model",
    is_flag=True,
    help="Keep the model of the last finished trial as model.safetensors in the run folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, one an event.")
@click.option(
    "--track",
    multiple=True,
    metavar="NAME",
    help="Tell tensorboard, trackio, wandb (offline) or mlflow as well, in OUT/tracking/NAME; repeatable.",
)
@time_format_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def run(recipe: str, settings: tuple[str, ...], **options: Any) -> None:
    """Train RECIPE into a run folder.

    RECIPE is a name that `dawnbench list` shows, or the path of your own recipe file. Of a SERIES
    (mnist-ladder, mnist-drill) each recipe is run, one after the other, and all are written up in the end.
    """
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.status_line import waiting_for

    leaves = {name: options.pop(name) for name in ("trials", "data", "epochs", "target")}
    with waiting_for("loading torch", silent=options["as_json"]):
        from dawnbench.cli.series import resolve_series

        series = resolve_series(recipe, settings, **leaves)
        one = None if series else resolve(recipe, settings, **leaves)
        for each in series or filter(None, (one,)):
            check_seeds(options["seed"], each.trials)
        # After the recipe, so that nobody waits for torch to hear that a name is wrong.
        from dawnbench.cli.run import run_and_show
        from dawnbench.cli.series import run_series

    if one is not None:
        sys.exit(run_and_show(one, **options).code)
    sys.exit(run_series(recipe, series or (), **options))


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


@main.command()
@click.argument("what", metavar="RECIPE|RUN", shell_complete=complete_recipe)
@data_option
@set_option
@rule_option
@price_options
def show(what: str, data: str | None, settings: tuple[str, ...], rule: str, **prices: float | None) -> None:
    """Show a recipe, or what a run's trials come to.

    RECIPE is a recipe's name or file; its keys, layers, parameters and FLOPs are shown. RUN is a run folder,
    a baseline file or a quoted glob over run folders; their figures are shown with their spread, what they
    prove, and what is doubtful about them.
    """
    if is_run(what):
        from dawnbench.cli.summary import show_run

        if data is not None or settings:
            raise click.UsageError(f"--data and --set go with a recipe, and {what} is a run")
        show_run(what, rule, prices)
    else:
        resolved = resolve(what, settings, data=data)
        from dawnbench.cli.show import describe_recipe
        from dawnbench.recipes.catalogue import PLACES

        click.echo(describe_recipe(resolved, shipped=what in PLACES))


@main.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@time_format_option
def log(run_folder: Path, time_format: Any) -> None:
    """Write log.md of RUN_FOLDER anew."""
    from dawnbench.report.log import write_log

    click.echo(plain(str(write_log(run_folder, time_format))))


@main.command()
def doctor() -> None:
    """Find what would spoil a measurement here."""
    from rich.console import Console

    from dawnbench.doctor import examine
    from dawnbench.report.findings import findings_table

    Console().print(findings_table(examine()))


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    For bash, put `eval "$(dawnbench completion bash)"` into ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(main, {}, "dawnbench", "_DAWNBENCH_COMPLETE").source())
