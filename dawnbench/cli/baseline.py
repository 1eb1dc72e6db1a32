"""The verb `dawnbench baseline`: a run kept as a reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import one_line, plain

MIN_TRIALS = 10


@main.group()
def baseline() -> None:
    """Keep runs as references."""


@baseline.command("save")
@click.argument("run")
@click.option("--name", required=True, help="What it is called in later verdicts, such as a release.")
@click.option(
    "--out",
    type=Place(path_type=Path),
    default=Path("baselines"),
    show_default=True,
    help="The folder of baselines.",
)
@click.option("--replace", "replace_older", is_flag=True, help="Put it in the place of an older one.")
def save(run: str, **options: Any) -> None:
    """Write RUN's figures to baselines/RECIPE/DEVICE.json.

    RUN is a run folder, or a quoted glob over run folders whose trials are taken together; at least 10
    trials.
    """
    save_baseline(run, **options)


def save_baseline(run: str, *, name: str, out: Path, replace_older: bool) -> None:
    """Write a run's figures to `out`/RECIPE/DEVICE.json and print the path.

    Raises:
        DawnbenchError: it cannot be read, has too few trials, or there is a baseline already.
    """
    from dawnbench.records.baseline import baseline_path, write_baseline
    from dawnbench.report.units import percent
    from dawnbench.stats.sources import open_trial_set

    if not name.strip():
        raise DawnbenchError("--name is empty; later verdicts call the baseline by it, so give one")
    series = open_trial_set(run)
    count = len(series.counting)
    if count < MIN_TRIALS:
        counting = "1 trial that counts" if count == 1 else f"{count} trials that count"
        raise DawnbenchError(
            f"{series.name} has {counting} and a baseline takes at least {MIN_TRIALS}: "
            "every later verdict leans on its spread, which fewer do not show; run it again with "
            f"--trials {MIN_TRIALS}, or name several runs by a quoted glob"
        )
    if not any(trial.reached for trial in series.counting):
        raise DawnbenchError(
            f"no trial of {series.name} reached the target of {percent(series.target)}, so there is no time "
            "to hold others against; train for more epochs, or to a lower target"
        )
    if all(time is None for trial in series.counting for time in trial.seconds.values()):
        raise DawnbenchError(f"no trial of {series.name} has a time: {'; '.join(series.warnings[:1])}")
    path = baseline_path(out, series.recipe_name, series.device_name)
    if path.exists() and not replace_older:
        raise DawnbenchError(f"{path} is there already; give --replace to put this one in its place")
    write_baseline(replace(series, name=name, pairing=None), path)
    for warning in series.warnings:
        click.echo(f"dawnbench: {one_line(warning)}", err=True)
    click.echo(plain(str(path)))
