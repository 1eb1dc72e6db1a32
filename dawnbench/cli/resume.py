"""The verb `dawnbench resume`: finish a run whose process ended early."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dawnbench.cli.exit_codes import DONE, EXPLAINED
from dawnbench.cli.group import main
from dawnbench.cli.options import time_format_option
from dawnbench.cli.parameter_types import DEVICE
from dawnbench.cli.run_argument import RUN_FOLDER
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.cli.torchrun import as_rank, check_gpus, run_by_torchrun
from dawnbench.engine.launched import Launched, launched

if TYPE_CHECKING:
    from dawnbench.campaigns.observer import Observer
    from dawnbench.report.text.log_table import TimeFormat


@main.command(epilog=EXPLAINED)
@click.argument("folder", metavar="RUN", type=RUN_FOLDER)
@click.option("--device", type=DEVICE, show_default="the run's own", help="auto, cpu, cuda, cuda:N or mps.")
@click.option(
    "--recipe", metavar="FILE", help="The recipe file, if it defines parts of its own. Runs its code."
)
@click.option("--ended", is_flag=True, help="The run's process has ended, even if this machine cannot tell.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, one per event; the last one is the summary."
)
@time_format_option
@stopping_like_ctrl_c()
@going_on_without_readers()
def resume(
    folder: Path,
    device: str | None,
    recipe: str | None,
    ended: bool,
    as_json: bool,
    time_format: TimeFormat,
) -> None:
    """Finish RUN, whose process was killed or interrupted.

    Trials that are complete are kept, and the others are run with their own seeds. A trial with a checkpoint
    (`dawnbench run --checkpoint-every`) goes on from it and has no times, since they would be those of two
    processes; any other starts again from its seed.

    After a reboot, or on another machine, nobody can tell whether the run's process still runs: say that it
    does not with --ended. The run's own tags, prices, --save-model and --checkpoint-every are kept.

    A run on several devices of one machine starts as many processes again, as --gpus does.
    """
    place = launched()
    with as_rank(place):
        if place.size == 1 and (folder / "run.json").exists():
            from dawnbench.records.reader import read_record

            record, _ = read_record(folder)
            if record.devices > 1 and record.nodes == 1:
                if "cpu" not in (device, record.device):
                    check_gpus(record.devices, device or "cuda")
                sys.exit(run_by_torchrun(record.devices, sys.argv[1:]))
        _resume(folder, device, recipe, ended, as_json, time_format, place)


def _resume(
    folder: Path,
    device: str | None,
    recipe: str | None,
    ended: bool,
    as_json: bool,
    time_format: TimeFormat,
    place: Launched,
) -> None:
    """Resume in this process, which may be one of several, and exit."""
    from dawnbench.cli.shown_run import EXIT_CODES, show_while
    from dawnbench.report.text.status_line import waiting_for

    with waiting_for("loading torch", silent=as_json or place.rank > 0):
        campaigns = importlib.import_module("dawnbench.campaigns")
    if place.rank:
        campaigns.resume(folder, device=device, recipe=recipe, ended=ended)
        sys.exit(DONE)

    def start(observer: Observer) -> None:
        campaigns.resume(
            folder, device=device, recipe=recipe, ended=ended, observer=observer, own_process=True
        )

    shown = show_while(start, f"preparing {folder.name}", as_json, time_format)
    sys.exit(EXIT_CODES[shown.outcome])
