"""The verb `dawnbench profile`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place, data_option, device_option, recipe_argument, resolve, set_option


@main.command()
@recipe_argument
@click.option(
    "--steps", type=click.IntRange(min=1), default=3, show_default=True, help="How many are profiled."
)
@data_option
@device_option
@set_option
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a Chrome trace to this .json file.",
)
@click.option(
    "--out",
    type=Place(path_type=Path, dir_okay=False),
    help="Write the JSON object to this file as well.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def profile(
    recipe: str,
    steps: int,
    data: str | None,
    device: str,
    settings: tuple[str, ...],
    trace: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show where the time of RECIPE's training step goes.

    The device's peaks are measured first, then a few steps are trained as a run trains them. Each kernel is
    held against the roof that binds it, and the gap is put in words. The steps are the first ones of a run;
    of a recipe whose images grow, --set resolutions=[32] gives another size than the first.
    """
    # Kineto reports its every start on standard error; it reads this once, as torch is loaded.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    from dawnbench.report.text.status_line import waiting_for

    with waiting_for("loading torch", silent=as_json):
        resolved = resolve(recipe, settings, data=data)
        from dawnbench.engine.device import open_device
        from dawnbench.export.roofline_json import profile_json
        from dawnbench.profiling import measure_peaks, profile_recipe
        from dawnbench.records.files import write
        from dawnbench.report.text.console import open_console
        from dawnbench.report.text.profile_report import profile_report

    with waiting_for("measuring the device's peaks", silent=as_json):
        opened = open_device(device)
        opened.tune()
        measured = measure_peaks(opened)
    with waiting_for("profiling", silent=as_json):
        found = profile_recipe(resolved, opened, measured, steps=steps, trace=trace)
    if out is not None:
        write(profile_json(found), out)
    if as_json:
        click.echo(profile_json(found), nl=False)
    else:
        open_console().print(profile_report(found), highlight=False)
