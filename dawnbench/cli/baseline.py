"""The verb `dawnbench baseline`: keep a run as a reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place
from dawnbench.cli.run_argument import complete_run
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import one_line, plain

MIN_TRIALS = 10


@main.group()
def baseline() -> None:
    """Keep runs as references."""


@baseline.command("save")
@click.argument("run", shell_complete=complete_run)
@click.option("--name", required=True, help="What later verdicts call it, such as a release.")
@click.option(
    "--out",
    type=Place(path_type=Path),
    default=Path("baselines"),
    show_default=True,
    help="Folder for baselines.",
)
@click.option("--replace", "replace_older", is_flag=True, help="Replace an existing baseline.")
def save(run: str, **options: Any) -> None:
    """Write RUN's results to baselines/RECIPE/DEVICE.json.

    RUN is a run (its folder, its name, or latest), or a quoted glob of run folders whose trials are pooled.
    It needs at least 10 trials.
    """
    save_baseline(run, **options)


def save_baseline(run: str, *, name: str, out: Path, replace_older: bool) -> None:
    """Write a run's results to `out`/RECIPE/DEVICE.json and print the path.

    Raises:
        DawnbenchError: the run cannot be read or has too few trials, or the baseline already exists.
    """
    from dawnbench.records.baseline import baseline_path, write_baseline
    from dawnbench.report.units import percent
    from dawnbench.stats.pooling import open_trial_set

    if not name.strip():
        raise DawnbenchError("--name is empty; give a name for later verdicts to call the baseline by")
    series = open_trial_set(run)
    count = len(series.counting)
    if count < MIN_TRIALS:
        counting = "1 trial that counts" if count == 1 else f"{count} trials that count"
        raise DawnbenchError(
            f"{series.name} has {counting} and a baseline needs at least {MIN_TRIALS}: "
            "every later verdict depends on its spread, which fewer do not show; run it again with "
            f"--trials {MIN_TRIALS}, or name several runs with a quoted glob"
        )
    # The latency of a model below its target is measured all the same.
    if series.inference is None and not any(trial.reached for trial in series.counting):
        raise DawnbenchError(
            f"no trial of {series.name} reached the target of {percent(series.target)}, so there is no time "
            "to compare others with; train for more epochs, or to a lower target"
        )
    if all(time is None for trial in series.counting for time in trial.seconds.values()):
        raise DawnbenchError(f"no trial of {series.name} has a time: {'; '.join(series.warnings[:1])}")
    path = baseline_path(out, series.identity.workload, series.identity.hardware)
    if path.exists() and not replace_older:
        raise DawnbenchError(f"{path} already exists; add --replace to replace it")
    write_baseline(replace(series, name=name, pairing=None), path)
    for warning in series.warnings:
        click.echo(f"dawnbench: {one_line(warning)}", err=True)
    click.echo(plain(str(path)))
