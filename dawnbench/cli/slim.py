"""The verb `dawnbench slim`: sparse training of a recipe, and `slim prune`, which cuts what it trained."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from dawnbench.cli.exit_codes import EXPLAINED
from dawnbench.cli.group import main
from dawnbench.cli.options import (
    Place,
    complete_recipe,
    data_option,
    device_option,
    epochs_option,
    json_option,
    out_option,
    recipe_argument,
    recipe_file_option,
    resolve,
    seed_option,
    set_option,
    tag_option,
    target_option,
    time_format_option,
)
from dawnbench.cli.parameter_types import SETTING
from dawnbench.cli.run_argument import RUN_FOLDER
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.errors import DawnbenchError
from dawnbench.records.tags import parse_tags
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from dawnbench.cli.shown_run import RunOptions
    from dawnbench.recipes import Recipe
    from dawnbench.records.slimming import SlimRecord

DEFAULT = "train"


class TrainingByDefault(click.Group):
    """A group whose first argument may also be a recipe: `slim RECIPE` is `slim train RECIPE`."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Insert the default command unless the first argument names one or asks for help."""
        if args and args[0] not in self.commands and args[0] not in context.help_option_names:
            args = [DEFAULT, *args]
        return super().parse_args(context, args)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and the recipes that start like this."""
        recipes = complete_recipe(context, None, incomplete)
        return [*super().shell_complete(context, incomplete), *map(CompletionItem, recipes)]


@main.group(cls=TrainingByDefault)
def slim() -> None:
    """Train RECIPE sparsely, then prune its channels.

    `dawnbench slim RECIPE` trains with a penalty that drives the scales of unneeded channels to 0, and keeps
    the model. `dawnbench slim prune RUN` then cuts these channels (network slimming).
    """


@slim.command(DEFAULT, epilog=EXPLAINED)
@recipe_argument
@click.option(
    "--strength",
    type=click.FloatRange(min=0, min_open=True),
    help="Factor on the penalty; by default the recipe's own, else 0.0001.",
)
@click.option("--trials", type=click.IntRange(min=1), help="Number of trials; the last one's model is kept.")
@seed_option
@data_option
@device_option
@epochs_option
@set_option
@target_option
@tag_option
@out_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, one per event; the last one is the summary."
)
@time_format_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def train(recipe: str, strength: float | None, settings: tuple[str, ...], **options: Any) -> None:
    """Train RECIPE sparsely (what `slim RECIPE` does).

    The same as `dawnbench run RECIPE --save-model` with an L1 penalty on the scales of the batch norms. Its
    gradient is added to the gradients themselves, not to a scaled loss.
    """
    from dawnbench.cli.shown_run import EXIT_CODES, run_and_show
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.text.status_line import waiting_for

    leaves = {name: options.pop(name) for name in ("trials", "data", "epochs", "target")}
    chosen = _run_options(save_model=True, tags=parse_tags(options.pop("tags")), **options)
    with waiting_for("loading torch", silent=chosen.as_json):
        sparse = _with_penalty(resolve(recipe, settings, **leaves), strength)
        check_seeds(chosen.seed, sparse.trials)
        importlib.import_module("dawnbench.campaigns")
    ended = run_and_show(sparse, chosen)
    if ended.outcome == "done" and ended.folder is not None and not chosen.as_json:
        click.echo(plain(f"Next: dawnbench slim prune {ended.folder} --ratio 0.2,0.4,0.6"))
    sys.exit(EXIT_CODES[ended.outcome])


def _with_penalty(recipe: Recipe, strength: float | None) -> Recipe:
    from dawnbench.recipes.overrides import adapt
    from dawnbench.recipes.parts import NormScalePenaltySpec

    if recipe.penalty is not None and strength is None:
        return recipe
    part = NormScalePenaltySpec() if strength is None else NormScalePenaltySpec(strength)
    return adapt(recipe, penalty=part)


def _run_options(**given: Any) -> RunOptions:
    from dawnbench.cli.shown_run import RunOptions
    from dawnbench.records.prices import NO_PRICES

    defaults: dict[str, Any] = {
        "save_model": True,
        "track": (),
        "time_format": "milliseconds",
        "auto": None,
        "tags": {},
        "prices": NO_PRICES,
    }
    return RunOptions(**defaults | given)


class Amounts(click.ParamType[tuple[float, ...]]):
    """Amounts to cut, with commas between them."""

    name = "amounts"

    def convert(self, value: Any, parameter: Any, context: Any) -> tuple[float, ...]:
        """Return them in their order, each once."""
        if isinstance(value, tuple):
            return value
        try:
            amounts = tuple(dict.fromkeys(float(part) for part in value.split(",")))
        except ValueError:
            amounts = ()
        if not amounts or not all(0 < amount < float("inf") for amount in amounts):
            self.fail(f"{value!r} is not a list of numbers above 0 such as 0.2,0.4,0.6", parameter, context)
        return amounts


@slim.command()
@click.argument("run_folder", metavar="RUN", type=RUN_FOLDER)
@click.option(
    "--ratio",
    "values",
    type=Amounts(),
    required=True,
    help="How much to cut, such as 0.2,0.4,0.6: one network each; see --target.",
)
@click.option(
    "--rule",
    type=click.Choice(["graph", "zcls"]),
    default="graph",
    show_default=True,
    help="What is cut together: dependency groups, or the original's layers.",
)
@click.option(
    "--target",
    type=click.Choice(["ratio", "parameters", "flops", "speedup"]),
    default="ratio",
    show_default=True,
    help="What --ratio says: the share of channels to cut, the parameters or FLOPs that may remain (below 1: "
    "a share), or how many times as fast.",
)
@click.option(
    "--finetune",
    type=click.IntRange(min=0),
    metavar="EPOCHS",
    help="Epochs of fine-tuning; 0 for none; by default as many as RUN has.",
)
@click.option(
    "--control/--no-control",
    default=True,
    show_default=True,
    help="Whether to train each narrow network from scratch as well.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of these trainings.")
@click.option(
    "--set",
    "changed",
    type=SETTING,
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting of fine-tuning, such as schedule.rate=0.01; repeatable.",
)
@device_option
@recipe_file_option
@click.option(
    "--out",
    type=Place(path_type=Path, file_okay=False),
    help="Folder for the run folders of fine-tuning and control; by default RUN's own.",
)
@json_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def prune(
    run_folder: Path,
    values: tuple[float, ...],
    finetune: int | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Cut channels out of the model of RUN.

    RUN is a run made with `dawnbench slim RECIPE`: its folder, its name, or latest. Each narrower network is
    evaluated, timed beside the dense one, fine-tuned, and trained from scratch as a control; the last two are
    runs like any other. RUN/slim holds slim.md, slim.json and the networks. If it was interrupted, the same
    command goes on from there.
    """
    from dawnbench.records.reader import read_run
    from dawnbench.records.slimming import FILE_NAME, SlimSettings
    from dawnbench.report.text.status_line import waiting_for

    _check_amounts(values, options["target"])
    run = read_run(run_folder, ledgers=False)
    epochs = _recorded_epochs(run.record.recipe) if finetune is None else finetune
    settings = SlimSettings(
        **{name: options.pop(name) for name in ("rule", "target", "control", "seed", "changed")},
        finetune_epochs=epochs,
    )
    with waiting_for("loading torch", silent=as_json):
        from dawnbench.campaigns.slimming import SlimRequest, slim_run

    request = SlimRequest(run_folder, values, settings, **options)
    observer = _Progress()
    train = _trainer(out or run_folder.resolve().parent, options["device"], settings.seed, as_json)
    record, folder = slim_run(request, train, observer)
    if as_json:
        click.echo((folder / FILE_NAME).read_text(encoding="utf-8"), nl=False)
    else:
        _show(record, folder)


def _check_amounts(values: tuple[float, ...], target: str) -> None:
    for value in values:
        if target == "ratio" and value >= 1:
            raise DawnbenchError(
                f"--ratio {value:g} must be above 0 and below 1: the share of channels to cut"
            )
        if target == "speedup" and value <= 1:
            raise DawnbenchError(f"--ratio {value:g} must be above 1 with --target speedup: times as fast")


def _recorded_epochs(recipe: Any) -> int:
    epochs = recipe.get("epochs")
    return epochs if isinstance(epochs, int) and epochs > 0 else 1


class _Progress:
    """Says on standard error what happens, and keeps slim.md up to date."""

    def noted(self, sentence: str) -> None:
        click.echo(plain(sentence), err=True)

    def saved(self, record: SlimRecord, folder: Path) -> None:
        from dawnbench.records.files import write
        from dawnbench.report.text.slimming import slimming_page

        write(slimming_page(record), folder / "slim.md")


def _trainer(out: Path, device: str, seed: int, as_json: bool) -> Any:
    """Return a function that runs a recipe, keeps its model and returns the run folder."""

    def train(recipe: Recipe) -> Path:
        if as_json:
            from dawnbench.campaigns import run
            from dawnbench.report.text.log import write_log

            folder = run(recipe, device=device, seed=seed, out=out, command=_command(), save_model=True)
            write_log(folder)
            return folder
        from dawnbench.cli.shown_run import run_and_show

        options = _run_options(device=device, seed=seed, out=out, as_json=False)
        ended = run_and_show(recipe, options, own_process=False)
        if ended.outcome == "interrupted" or ended.folder is None:
            raise KeyboardInterrupt
        return ended.folder

    return train


def _command() -> tuple[str, ...]:
    return ("dawnbench", *sys.argv[1:])


def _show(record: SlimRecord, folder: Path) -> None:
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.slimming import slimming_table

    console = open_console()
    console.print()
    console.print(slimming_table(record))
    console.print()
    console.print(plain(str(folder / "slim.md")), highlight=False, markup=False, soft_wrap=True)
