"""The verb `dawnbench prune`: a magnitude sweep over the model that a run kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from dawnbench.cli.exit_codes import INTERRUPTED
from dawnbench.cli.group import main
from dawnbench.cli.options import data_option, device_option, json_option, recipe_file_option
from dawnbench.cli.run_argument import RUN_FOLDER
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers

if TYPE_CHECKING:
    from dawnbench.records.pruning import PruningSweep

DEFAULT_IMAGES = 2048
WORTH_DRAWING = 5.0
"""Seconds: a model that took longer is drawn at once, in case the process is killed. Drawing takes one."""
PUBLISHED = "0.5,0.6,0.68,0.7,0.75,0.9,0.91,0.92,0.93,0.94,0.95,0.96,0.97,0.98,0.99"
"""The sparsities of the write-up of 2020."""


class Sparsities(click.ParamType[tuple[float, ...]]):
    """Fractions between 0 and 1, with commas between them."""

    name = "fractions"

    def convert(self, value: Any, parameter: Any, context: Any) -> tuple[float, ...]:
        """Return them in their order, each once."""
        found: dict[float, None] = {}
        for part in value.split(","):
            try:
                number = float(part)
            except ValueError:
                self.fail(f"{value!r} is not a list of fractions such as 0.5,0.9", parameter, context)
            if not 0 < number < 1:
                self.fail(
                    f"a sparsity of {part.strip()} is outside (0, 1); it is the fraction of the weights to "
                    "set to zero, such as 0.9",
                    parameter,
                    context,
                )
            found[number] = None
        return tuple(found)


@main.command()
@click.argument("run_folder", metavar="RUN", type=RUN_FOLDER)
@click.option(
    "--sparsity",
    "sparsities",
    type=Sparsities(),
    metavar="LIST",
    default=PUBLISHED,
    show_default=True,
    help="Fractions of the weights to set to zero.",
)
@click.option(
    "--scope",
    type=click.Choice(["global", "layer"]),
    default="global",
    show_default=True,
    help="Choose the smallest weights of all layers together, or of each layer.",
)
@click.option(
    "--finetune",
    type=click.IntRange(min=0),
    metavar="EPOCHS",
    default=0,
    show_default=True,
    help="Train each pruned model for this many epochs, its zeros kept.",
)
@click.option(
    "--recalibrate",
    type=click.IntRange(min=0),
    metavar="N",
    help="Estimate batch-norm statistics anew on N training images; 0 to skip.  [default: 2048]",
)
@click.option(
    "--protocol",
    type=click.Choice(["eval", "train-mode"]),
    default="eval",
    show_default=True,
    help="train-mode: let batch norm use the statistics of each test batch.",
)
@data_option
@device_option
@recipe_file_option
@json_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def prune(
    run_folder: Path,
    *,
    recalibrate: int | None,
    protocol: Literal["eval", "train-mode"],
    data: str | None,
    device: str,
    recipe: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Set the smallest weights of RUN's model to zero.

    RUN is a run made with --save-model: its folder, its name, or latest. Every sparsity starts from the dense
    model. The table, the figure and the pruned models go into RUN/pruned, or RUN/pruned-2 and so on if that
    exists; each row is written as soon as it is known.
    """
    from dawnbench.report.text.status_line import waiting_for

    if recalibrate and protocol == "train-mode":
        raise click.UsageError(
            "--recalibrate has no effect with --protocol train-mode, which uses the statistics of each test "
            "batch; leave out one of them"
        )
    default = 0 if protocol == "train-mode" else DEFAULT_IMAGES
    with waiting_for("loading torch", silent=as_json):
        from dawnbench.compress.sweep import SweepSettings, run_sweep

    settings = SweepSettings(
        finetune=options.pop("finetune"),
        recalibrate=default if recalibrate is None else recalibrate,
        protocol=protocol,
        **options,
    )
    progress = _Progress()
    try:
        done = run_sweep(run_folder, settings, progress, data=data, device=device, recipe=recipe)
    except KeyboardInterrupt:
        if progress.last is not None:
            _conclude(*progress.last, as_json)
        sys.exit(INTERRUPTED)
    assert progress.last is not None
    _conclude(done, progress.last[1], as_json)


class _Progress:
    """Says on standard error what is done, and writes pruned.md after each model."""

    last: tuple[PruningSweep, Path] | None = None
    """The sweep so far, and its folder."""

    def doing(self, what: str) -> None:
        """Say what begins now."""
        click.echo(f"{what}...", err=True)

    def measured(self, sweep: PruningSweep, folder: Path) -> None:
        """Say what the new model came to."""
        from dawnbench.report.units import percent

        self.last, model = (sweep, folder), sweep.models[-1]
        _write_page(sweep, folder, draw=model.seconds > WORTH_DRAWING)
        accuracy = percent(model.final_accuracy)
        click.echo(f"{model.name}: {model.parameters:,} parameters, {accuracy}", err=True)


def _write_page(sweep: PruningSweep, folder: Path, *, draw: bool) -> Path:
    """Write pruned.md, with the figure if it is to be drawn or was drawn before; return its path."""
    from dawnbench.records.files import write
    from dawnbench.report.text.pruning import pruning_page

    page, figure = folder / "pruned.md", folder / "figures" / "accuracy.svg"
    if draw and len(sweep.models) > 1:
        from dawnbench.report.plots.pruning_plot import write_pruning_plot

        write_pruning_plot(sweep, figure.with_suffix(""))
    write(pruning_page(sweep, figure.relative_to(folder).as_posix() if figure.exists() else None), page)
    return page


def _conclude(sweep: PruningSweep, folder: Path, as_json: bool) -> None:
    """Draw the figure, complete pruned.md, and show the table."""
    from dawnbench.records.pruning import sweep_json
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.pruning import pruning_sentences, pruning_table
    from dawnbench.safe_text import plain

    page = _write_page(sweep, folder, draw=True)
    if as_json:
        click.echo(sweep_json(sweep), nl=False)
        return
    console = open_console()
    console.print(pruning_table(sweep))
    console.print()
    for sentence in pruning_sentences(sweep):
        console.print(sentence, highlight=False, markup=False)
    console.print(plain(str(page)), highlight=False, markup=False, soft_wrap=True)
