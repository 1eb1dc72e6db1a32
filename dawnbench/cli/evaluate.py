"""The verb `dawnbench evaluate`: evaluate a model that a run saved."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import data_option, device_option, recipe_file_option
from dawnbench.cli.run_argument import RUN_OR_MODEL

if TYPE_CHECKING:
    from dawnbench.campaigns.evaluate_run import RunEvaluation


@main.command()
@click.argument("source", metavar="RUN|FILE", type=RUN_OR_MODEL)
@data_option
@device_option
@recipe_file_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def evaluate(source: Path, data: str | None, device: str, recipe: str | None, as_json: bool) -> None:
    """Evaluate the model that RUN saved, or the one in FILE.

    RUN is a run made with --save-model: its folder, its name, or latest. FILE is a .safetensors file that
    dawnbench wrote, or an .onnx file from `dawnbench export`.

    The model is evaluated on the validation images of the data set it was trained on, or of --data, in the
    run's precision and with all views of the last epoch. An .onnx file is evaluated by onnxruntime on the
    CPU, in float32 and on each image itself, without mirrored or shifted views.
    """
    from dawnbench.campaigns.evaluate_run import evaluate_onnx, evaluate_run

    if source.suffix == ".onnx":
        if device not in ("auto", "cpu"):
            raise click.UsageError(f"--device {device} does not apply to an .onnx file; omit it")
        found = evaluate_onnx(source, data=data)
    else:
        found = evaluate_run(source, data=data, device=device, recipe=recipe)
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
    if found.runtime == "onnxruntime":
        line += ", by onnxruntime from one view of each"
    if found.recorded_accuracy is None:
        return line
    return f"{line}; recorded: {percent(found.recorded_accuracy)}"
