"""The verb `dawnbench log`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import time_format_option
from dawnbench.cli.run_argument import RUN_FOLDER
from dawnbench.safe_text import plain


@main.command()
@click.argument("run_folder", metavar="RUN", type=RUN_FOLDER)
@time_format_option
def log(run_folder: Path, time_format: Any) -> None:
    """Write log.md of RUN again.

    RUN is a run folder, or a run's name as `dawnbench runs` prints it, or latest.
    """
    from dawnbench.report.text.log import write_log

    click.echo(plain(str(write_log(run_folder, time_format))))
