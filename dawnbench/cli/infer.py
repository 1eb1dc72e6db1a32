"""The verb `dawnbench infer`: how fast a kept model answers, one image at a time."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.exit_codes import EXPLAINED, INTERRUPTED
from dawnbench.cli.group import main
from dawnbench.cli.options import data_option, device_option, out_option, price_options, tag_option
from dawnbench.cli.parameter_types import ACCURACY, Numbers
from dawnbench.cli.run_argument import RUN_OR_MODEL
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.errors import DawnbenchError
from dawnbench.records.tags import parse_tags

if TYPE_CHECKING:
    from dawnbench.records.prices import Prices
    from dawnbench.report.display import JsonLinesDisplay
    from dawnbench.report.display.inference import InferenceDisplay

DEFAULT_BATCHES = "1,64"


def runtime_options(sides: bool = False) -> Callable[[Any], Any]:
    """Return a decorator that adds the options about how a model is run; one not given is None.

    With `sides` an option is a tuple of the values given, for the two sides of a comparison.
    """
    of = "Of kept models: " if sides else ""
    twice = " Give it twice for A and B." if sides else ""
    choices = {
        "--runtime": (("torch", "onnx"), "what runs the model, by default torch."),
        "--compile": (("true", "false"), "whether torch compiles the model, by default as in its run."),
        "--precision": (
            ("auto", "fp32", "bf16", "fp16", "int8"),
            "the number format, by default that of its run; onnx computes in fp32, or in int8 once quantized "
            "on training images.",
        ),
    }

    def decorate(verb: Any) -> Any:
        verb = click.option(
            "--recipe", metavar="FILE", help=sentence(of, "the recipe file, if it defines parts of its own.")
        )(verb)
        for name, (values, what) in reversed(choices.items()):
            verb = click.option(
                name, type=click.Choice(values), multiple=sides, help=sentence(of, what) + twice
            )(verb)
        batches = f"batch sizes to measure the throughput at.  [default: {DEFAULT_BATCHES}]"
        return click.option("--batch", type=Numbers(whole=True), help=sentence(of, batches))(verb)

    return decorate


def sentence(start: str, rest: str) -> str:
    """Return a help text; without a start, the rest begins it."""
    return start + rest if start else rest[0].upper() + rest[1:]


@main.command(epilog=EXPLAINED)
@click.argument("source", metavar="RUN|MODEL", type=RUN_OR_MODEL)
@click.option(
    "--trials", type=click.IntRange(min=1), default=5, show_default=True, help="Passes over all test images."
)
@runtime_options()
@data_option
@device_option
@click.option(
    "--target",
    type=ACCURACY,
    help="Accuracy that a claim needs; by default 94% on CIFAR-10, else the recipe's target.",
)
@tag_option
@out_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, one per event; the last one is the summary."
)
@price_options
@stopping_like_ctrl_c()
@going_on_without_readers()
def infer(
    source: Path, tags: tuple[str, ...], batch: tuple[int, ...] | None, as_json: bool, **options: Any
) -> None:
    """Time the answers of the model that RUN saved, or of MODEL.

    RUN is a run made with --save-model: its folder, its name, or latest. MODEL is a .safetensors file that
    dawnbench wrote.

    The rule is DAWNBench's: all test images one at a time, each from uint8 pixels in host memory to a class
    in host memory, the total over the number of images. Compiling and warming up come before. Each trial is
    one pass, followed by the same images in larger batches.
    """
    from dawnbench.cli.configuration import price_list
    from dawnbench.report.text.status_line import waiting_for

    labels = parse_tags(tags)
    price_list(options["prices"])  # a configuration file that is wrong is said before the measurement
    if batch is not None:
        options["batch_sizes"] = batch
    options["runtime"] = options["runtime"] or "torch"
    options["compile"] = as_bool(options["compile"])
    with waiting_for("loading torch", silent=as_json):
        importlib.import_module("dawnbench.campaigns.infer")
    sys.exit(infer_and_show(source, as_json, tags=labels, **options))


def as_bool(given: str | None) -> bool | None:
    """Return the value of --compile; None if it was not given."""
    return None if given is None else given == "true"


def infer_and_show(source: Path, as_json: bool, **options: Any) -> int:
    """Time the answers, show each pass and what they come to, write log.md, and return the exit code."""
    from dawnbench.campaigns.infer import infer
    from dawnbench.report.display import JsonLinesDisplay
    from dawnbench.report.display.inference import InferenceDisplay
    from dawnbench.report.text.console import open_console

    display = JsonLinesDisplay(sys.stdout) if as_json else InferenceDisplay(open_console())
    interrupted = False
    try:
        with closing(display):
            infer(source, observer=display, command=("dawnbench", *sys.argv[1:]), **options)
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        with suppress(DawnbenchError):  # report the first failure
            _sum_up(display, options["prices"])
        raise
    _sum_up(display, options["prices"])
    return INTERRUPTED if interrupted else 0


def _sum_up(display: JsonLinesDisplay | InferenceDisplay, prices: Prices) -> None:
    """Write log.md, and print what the passes came to or the closing event, if there is a run folder."""
    from dawnbench.cli.show import show_run
    from dawnbench.records.reader import read_run
    from dawnbench.report.display import JsonLinesDisplay
    from dawnbench.report.display.ending import next_commands
    from dawnbench.report.text.log import write_log
    from dawnbench.safe_text import plain

    if display.folder is None:
        return
    write_log(display.folder)
    run = read_run(display.folder)
    if isinstance(display, JsonLinesDisplay):
        display.summary(run)
        return
    click.echo()
    show_run(str(display.folder), None, prices)
    for command in ("next:", *(f"  {command}" for command in next_commands(display.folder))):
        click.echo(plain(command))
