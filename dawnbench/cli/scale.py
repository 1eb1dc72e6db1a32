"""A recipe timed at several batch sizes, widths and threads, with the laws in the times."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.exit_codes import DONE, INTERRUPTED, NOT_MEASURED
from dawnbench.cli.group import main
from dawnbench.cli.options import (
    Place,
    data_option,
    device_option,
    epochs_option,
    json_option,
    recipe_argument,
    seed_option,
    set_option,
    tag_option,
)
from dawnbench.cli.parameter_types import Numbers
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.records.tags import parse_tags
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from dawnbench.stats.scaling_laws import ScalePoint, ScalingStudy, Setting


@main.command()
@recipe_argument
@click.option("--batch", type=Numbers(whole=True), help="Batch sizes, such as 256,512,1024.")
@click.option("--width", type=Numbers(whole=False), help="Factors on the model's widths, such as 0.5,1,2.")
@click.option("--threads", type=Numbers(whole=True), help="Threads of the processor, such as 1,2,4.")
@click.option("--grid", is_flag=True, help="Every combination instead of one axis at a time.")
@click.option("--trials", type=click.IntRange(min=1), default=1, show_default=True, help="At each point.")
@seed_option
@data_option
@device_option
@epochs_option
@set_option
@tag_option
@click.option(
    "--out",
    type=Place(path_type=Path, file_okay=False),
    default=Path("scaling"),
    show_default=True,
    help="Where scaling.md, .json, .svg and .png go, and the runs into a folder below.",
)
@json_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def scale(recipe: str, settings: tuple[str, ...], epochs: int | None, as_json: bool, **options: Any) -> None:
    """Time RECIPE at several batch sizes, widths and threads.

    Each point is a run of its own with all else as in RECIPE, 1 epoch unless --epochs says more. An epoch's
    time and the memory are shown along each axis, with the law of the time and the error of the memory that
    was predicted; with several trials, also the accuracy and its spread.
    """
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.text.status_line import waiting_for
    from dawnbench.stats.scaling_laws import AXES

    given = {axis: options.pop(axis) for axis in AXES}
    values = {axis: numbers for axis, numbers in given.items() if numbers}
    if not values:
        raise click.UsageError("give --batch, --width or --threads with the values to measure at")
    check_seeds(options["seed"], options["trials"])
    parse_tags(options["tags"])
    out = options.pop("out")
    with waiting_for("loading torch", silent=as_json):
        from dawnbench.campaigns.scaling_runs import StudySettings, run_study

    study = run_study(
        StudySettings(
            recipe, values, out / "runs", changes=settings, epochs=1 if epochs is None else epochs, **options
        ),
        _Progress(),
    )
    if study.points:
        _show_and_write(study, out, as_json)
    if as_json:
        from dawnbench.export.scaling_json import scaling_json

        click.echo(scaling_json(study), nl=False)
    if study.interrupted:
        sys.exit(INTERRUPTED)
    sys.exit(DONE if any(point.epoch_seconds is not None for point in study.points) else NOT_MEASURED)


class _Progress:
    """Says on standard error which point is measured and what went wrong."""

    def point_started(self, number: int, points: int, at: Setting) -> None:
        click.echo(f"{number} of {points}: {at}", err=True)

    def point_ended(self, point: ScalePoint) -> None:
        if point.trouble is not None:
            click.echo(plain(f"  {point.trouble}"), err=True)


def _show_and_write(study: ScalingStudy, out: Path, as_json: bool) -> None:
    from rich.console import Console

    from dawnbench.export.scaling_json import scaling_json
    from dawnbench.records.files import write
    from dawnbench.report.plots.scaling_plot import write_scaling_plot
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.scaling_study import scaling_page, scaling_table, scaling_words

    console = Console(stderr=True) if as_json else open_console()
    console.print()
    console.print(scaling_table(study))
    console.print()
    for sentence in scaling_words(study):
        console.print(sentence, highlight=False, markup=False)
    write(scaling_json(study), out / "scaling.json")
    write(scaling_page(study, "scaling.svg"), out / "scaling.md")
    write_scaling_plot(study, out / "scaling")
    console.print(plain(str(out / "scaling.md")), highlight=False, markup=False, soft_wrap=True)
