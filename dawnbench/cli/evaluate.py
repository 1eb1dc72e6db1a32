"""The verb `dawnbench evaluate`: evaluate a run's model again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import data_option, device_option
from dawnbench.cli.run_argument import RUN_FOLDER

if TYPE_CHECKING:
    from dawnbench.campaigns.evaluate_run import RunEvaluation


@main.command()
@click.argument("run_folder", metavar="RUN", type=RUN_FOLDER)
@data_option
@device_option
@click.option("--recipe", metavar="FILE", help="The recipe file, if it defines parts of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def evaluate(run_folder: Path, data: str | None, device: str, recipe: str | None, as_json: bool) -> None:
    """Evaluate the model that RUN saved.

    RUN is a run made with --save-model: its folder, its name, or latest. Its model is evaluated on the
    validation images of the run's data set, or of --data, in the run's precision and with all views of the
    last epoch.
    """
    from dawnbench.campaigns.evaluate_run import evaluate_run

    found = evaluate_run(run_folder, data=data, device=device, recipe=recipe)
    if as_json:
        click.echo(json.dumps({"accuracy": found.accuracy} | asdict(found)))
    else:
        click.echo(_line(found))


def _line(found: RunEvaluation) -> str:
    from dawnbench.report.units import percent

    line = (
        f"{percent(found.accuracy)} of {found.images:,} images ({found.correct:,} correct), "
        f"loss {found.loss:.4f}"
    )
    if found.recorded_accuracy is None:
        return line
    return f"{line}; the run recorded {percent(found.recorded_accuracy)}"
