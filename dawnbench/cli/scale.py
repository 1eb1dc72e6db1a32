"""A recipe timed at several batch sizes, widths and threads, with the laws in the times."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
    recipe_argument,
    resolve,
    seed_option,
    set_option,
)
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from dawnbench.report.text.scaling_study import ScalingStudy
    from dawnbench.stats.scaling_laws import Axis, ScalePoint, Setting


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers above 0 with commas between them."""

    name = "numbers"

    def __init__(self, whole: bool) -> None:
        self._whole = whole

    def convert(self, value: Any, parameter: Any, context: Any) -> tuple[float, ...]:
        """Return them in their order."""
        kind = int if self._whole else float
        try:
            numbers = tuple(kind(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if not numbers or not all(0 < number < float("inf") for number in numbers):
            what = "whole numbers" if self._whole else "numbers"
            self.fail(f"{value!r} is not a list of {what} above 0 such as 1,2,4", parameter, context)
        return numbers


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
@click.option(
    "--out",
    type=Place(path_type=Path, file_okay=False),
    default=Path("scaling"),
    show_default=True,
    help="Where scaling.md, .json, .svg and .png go, and the runs into a folder below.",
)
@stopping_like_ctrl_c()
@going_on_without_readers()
def scale(recipe: str, **options: Any) -> None:
    """Time RECIPE at several batch sizes, widths and threads.

    Each point is a run of its own with all else as in RECIPE, 1 epoch unless --epochs says more. An epoch's
    time, the memory and the accuracy are shown along each axis, with the law of the time and the error of the
    memory that was predicted.
    """
    values: dict[Axis, Sequence[float]] = {
        axis: options[axis] for axis in ("batch", "width", "threads") if options[axis]
    }
    if not values:
        raise click.UsageError("give --batch, --width or --threads with the values to measure at")
    sys.exit(_study(recipe, values, options))


def _study(recipe: str, values: dict[Axis, Sequence[float]], options: dict[str, Any]) -> int:
    """Measure, show and write; return the exit code."""
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.text.status_line import waiting_for

    check_seeds(options["seed"], options["trials"])
    with waiting_for("loading torch"):
        import torch

        from dawnbench.campaigns.scaling import along_axes, measure, recipe_settings
        from dawnbench.stats.scaling_laws import Setting

    epochs = options["epochs"] or 1
    resolved = resolve(recipe, options["settings"], data=options["data"], epochs=epochs)
    own = Setting(resolved.batch_size, 1.0, torch.get_num_threads())
    settings = along_axes(values, own, options["grid"])
    changes = [recipe_settings(resolved, at) for at in settings]
    points: list[ScalePoint] = []
    interrupted = False
    try:
        for at, change in zip(settings, changes, strict=True):
            _say(f"{len(points) + 1} of {len(settings)}: {_place(at)}")
            points.append(measure(at, _arguments(recipe, change, epochs, options)))
            if points[-1].trouble is not None:
                _say(f"  {points[-1].trouble}")
    except KeyboardInterrupt:
        interrupted = True
    if not points:
        return INTERRUPTED
    _show_and_write(_summed_up(resolved.name, points, list(values)), options["out"])
    if interrupted:
        return INTERRUPTED
    return DONE if any(point.epoch_seconds is not None for point in points) else NOT_MEASURED


def _arguments(recipe: str, change: Sequence[str], epochs: int, options: dict[str, Any]) -> list[str]:
    """Return what `dawnbench run` is given for a point."""
    data = [] if options["data"] is None else ["--data", options["data"]]
    settings = [part for setting in (*options["settings"], *change) for part in ("--set", setting)]
    counts = {"--trials": options["trials"], "--seed": options["seed"], "--epochs": epochs}
    numbers = [part for name, count in counts.items() for part in (name, str(count))]
    out = str(options["out"] / "runs")
    return [recipe, *numbers, *data, "--device", options["device"], "--out", out, *settings]


def _summed_up(recipe_name: str, points: list[ScalePoint], axes: list[Axis]) -> ScalingStudy:
    from dawnbench.records.reader import read_run
    from dawnbench.report.text.scaling_study import ScalingStudy
    from dawnbench.stats.scaling_laws import study_axis

    folders = [point.folder for point in points if point.folder is not None]
    device = read_run(Path(folders[0])).record.device_name if folders else "no device"
    studies = tuple(study_axis(axis, points) for axis in axes)
    return ScalingStudy(recipe_name, device, tuple(points), studies)


def _show_and_write(study: ScalingStudy, out: Path) -> None:
    from dawnbench.records.files import write
    from dawnbench.report.plots.scaling import write_scaling_plot
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.scaling_study import scaling_json, scaling_page, scaling_table, scaling_words

    console = open_console()
    console.print()
    console.print(scaling_table(study))
    console.print()
    for sentence in scaling_words(study):
        console.print(sentence, highlight=False, markup=False)
    write(scaling_json(study), out / "scaling.json")
    write(scaling_page(study, "scaling.svg"), out / "scaling.md")
    write_scaling_plot(study, out / "scaling")
    console.print(plain(str(out / "scaling.md")), highlight=False, markup=False, soft_wrap=True)


def _place(at: Setting) -> str:
    return f"batch {at.batch}, width {at.width:g}, threads {at.threads}"


def _say(line: str) -> None:
    click.echo(plain(line), err=True)
