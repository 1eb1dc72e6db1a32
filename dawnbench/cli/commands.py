"""One short function a verb, which parses, calls and prints.

Only what a verb needs is imported, inside it: `--help` and `list` answer before torch could be loaded.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.exit_codes import EXPLAINED, INTERRUPTED, NOT_MEASURED
from dawnbench.errors import DawnbenchError
from dawnbench.version import __version__

if TYPE_CHECKING:
    from dawnbench.recipes import Recipe


class Failure(click.ClickException):
    """Prints `dawnbench: ` and the sentence, and exits with status 2."""

    exit_code = NOT_MEASURED

    def show(self, file: Any = None) -> None:
        """Print to standard error."""
        click.echo(f"dawnbench: {self.format_message()}", file=file or sys.stderr)


class Commands(click.Group):
    """Turns the library's errors into sentences."""

    def invoke(self, context: click.Context) -> Any:
        """Run the verb."""
        try:
            return super().invoke(context)
        except DawnbenchError as error:
            raise Failure(str(error)) from error
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


@click.group(
    cls=Commands,
    epilog=EXPLAINED,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", message="dawnbench %(version)s")
def main() -> None:
    """Train a model to a target accuracy, time it, and write the table."""


def _complete_recipe(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    from dawnbench.recipes.catalogue import MODULES

    return [name for name in MODULES if name.startswith(incomplete)]


recipe_argument = click.argument("recipe", shell_complete=_complete_recipe)
set_option = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change any leaf of the recipe; repeatable."
)
data_option = click.option("--data", help="A data set's name, an .npz file or an image folder.")
time_format_option = click.option(
    "--time-format",
    type=click.Choice(["milliseconds", "seconds"]),
    default="milliseconds",
    show_default=True,
    help="How log.md writes times under a minute: 00m 01.284s or 00m 01s.",
)


def _resolve(recipe: str, settings: tuple[str, ...], **leaves: Any) -> Recipe:
    from dataclasses import replace

    from dawnbench.recipes import find_recipe
    from dawnbench.recipes.overrides import override

    resolved = override(find_recipe(recipe), settings)
    given = {name: value for name, value in leaves.items() if value is not None}
    if "data" in given:
        # The recipe's colour statistics are of its own data.
        given["dataset"] = replace(resolved.dataset, name=given.pop("data"), mean=None, deviation=None)
    return replace(resolved, **given)


@main.command(epilog=EXPLAINED)
@recipe_argument
@click.option("--trials", type=int, help="How many, each from a fresh seed.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the first trial; each later one adds 1."
)
@data_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--epochs", type=int, help="Epochs a trial; the schedule is stretched to them.")
@set_option
@click.option("--target", type=float, help="Validation accuracy to reach, such as 0.94.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where run folders go.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, one an event.")
@time_format_option
def run(recipe: str, settings: tuple[str, ...], **options: Any) -> None:
    """Train RECIPE into a run folder.

    RECIPE is a name that `dawnbench list` shows, or the path of your own recipe file.
    """
    from dawnbench.cli.run import run_and_show

    resolved = _resolve(
        recipe,
        settings,
        trials=options["trials"],
        data=options["data"],
        epochs=options["epochs"],
        target=options["target"],
    )
    sys.exit(
        run_and_show(resolved, **{k: options[k] for k in ("device", "seed", "out", "as_json", "time_format")})
    )


@main.command("list")
def list_() -> None:
    """List the recipes."""
    from rich.console import Console
    from rich.table import Table

    from dawnbench.recipes import list_recipes

    table = Table(box=None, pad_edge=False)
    for column in ("recipe", "target", "what it is"):
        table.add_column(column)
    for recipe in list_recipes():
        table.add_row(recipe.name, f"{100 * recipe.target:g} %", recipe.summary)
    Console().print(table)


@main.command()
@recipe_argument
@data_option
@set_option
def show(recipe: str, data: str | None, settings: tuple[str, ...]) -> None:
    """Show RECIPE's keys, layers, parameters and FLOPs."""
    from dawnbench.cli.show import describe_recipe

    click.echo(describe_recipe(_resolve(recipe, settings, data=data)))


@main.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@time_format_option
def log(run_folder: Path, time_format: Any) -> None:
    """Write log.md of RUN_FOLDER anew."""
    from dawnbench.report.log import write_log

    click.echo(write_log(run_folder, time_format))


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
