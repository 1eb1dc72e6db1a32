"""The verb `dawnbench report`: write or print a report or a write-up on runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place, price_options, rule_option
from dawnbench.cli.run_argument import RUN_FOLDER
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import one_line, plain

if TYPE_CHECKING:
    from dawnbench.records.prices import Prices
    from dawnbench.records.reader import Run
    from dawnbench.report.text.log_views import LogView
    from dawnbench.report.write_up.notes import Notes
    from dawnbench.stats.price_list import PriceList

STDOUT = Path("-")
PAGES = (".html", ".htm")

Style = Literal["full", "writeup"]
VIEWS: dict[Style, LogView] = {"full": "dawn", "writeup": "epochs"}
"""The default view of the training log."""


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=RUN_FOLDER)
@click.option(
    "-o",
    "--out",
    type=Place(path_type=Path, allow_dash=True, dir_okay=False),
    help="A .md file, an .html file (one run's page), or - to print the text; figures go next to it.",
)
@click.option(
    "--log",
    "view",
    type=click.Choice(["dawn", "progress", "epochs"]),
    help="Show the training log as a table (dawn), a progress log, or a few lines per epoch.  "
    "[default: dawn; epochs in a write-up]",
)
@click.option(
    "--style",
    type=click.Choice(["full", "writeup"]),
    default="full",
    show_default=True,
    help="Everything about a run, or a model's target, results and analysis.",
)
@click.option(
    "--notes",
    type=click.Path(path_type=Path),
    metavar="FILE.md",
    help="Your conclusions for a write-up: Markdown with a section `## RECIPE` for each model.",
)
@rule_option
@price_options
def report(
    runs: tuple[Path, ...],
    out: Path | None,
    view: LogView | None,
    style: Style,
    notes: Path | None,
    rule: str,
    prices: Prices,
) -> None:
    """Write a report on each RUN: text, figures and a page.

    RUN is a run folder, or a run's name as `dawnbench runs` prints it, or latest.

    A report on one run goes into its folder: report.md, report.html and figures/. Several runs go into one
    file, named with --out, and each later run is compared with the first.

    A write-up of one run is writeup.md in its folder. Several runs make a series, in the order given: one
    section per model, a table of all models and a plot of their curves. Runs of one recipe with different
    seeds count as one model. The target's rationale comes from the run, your conclusions from --notes.
    """
    report_on(runs, out, view, rule, style, notes, prices)


def report_on(
    folders: Sequence[Path],
    out: Path | None,
    view: LogView | None,
    rule: str,
    style: Style,
    notes: Path | None,
    prices: Prices,
) -> None:
    """Write the report and print its path, or print the report itself for `-`.

    `notes` is a file with the author's conclusions for a write-up.

    Raises:
        DawnbenchError: a run or the notes cannot be read, or it is unclear where to write the report.
    """
    from dawnbench.cli.configuration import price_list
    from dawnbench.records.reader import read_run

    runs = [read_run(folder) for folder in folders]
    answers = next((run for run in runs if run.record.inference is not None), None)
    if style == "writeup" and answers is not None:
        raise DawnbenchError(
            f"{answers.folder} is an inference run, and a write-up is about trainings; omit --style writeup"
        )
    view = view or VIEWS[style]
    known = price_list(prices)
    if style == "full" and notes is not None:
        raise DawnbenchError("--notes only apply to a write-up; add --style writeup")
    if style == "writeup":
        _write_up(runs, out, view, rule, notes, known)
    else:
        _full(runs, out, view, rule, known)


def _full(runs: Sequence[Run], out: Path | None, view: LogView, rule: str, prices: PriceList) -> None:
    if out == STDOUT:
        from dawnbench.report.text.run_report import report as full_report

        click.echo(full_report(runs, rule, view, prices=prices), nl=False)
        return
    if len(runs) > 1 and (out is None or out.suffix.lower() in PAGES):
        raise DawnbenchError(
            f"{len(runs)} runs make one text: name it with -o report.md (a page shows one run; "
            "`dawnbench site` makes pages of many runs)"
        )
    from dawnbench.report.report_files import places, write_report

    for path in write_report(runs, rule, view, places(runs, out), prices):
        click.echo(plain(str(path)))


def _write_up(
    runs: Sequence[Run],
    out: Path | None,
    view: LogView,
    rule: str,
    notes_file: Path | None,
    prices: PriceList,
) -> None:
    from dawnbench.stats.pooling import pool_runs

    models = pool_runs(runs)
    notes = None if notes_file is None else _notes_on(models, notes_file)
    if out == STDOUT:
        from dawnbench.report.write_up.document import write_up

        click.echo(write_up(models, rule, view, notes, prices=prices), nl=False)
        return
    if out is not None and out.suffix.lower() in PAGES:
        raise DawnbenchError(f"a write-up is Markdown and {out} is a page; name it with -o writeup.md")
    if len(runs) > 1 and out is None:
        raise DawnbenchError(f"{len(runs)} runs make one write-up: name it with -o writeup.md")
    from dawnbench.report.write_up.document import write_write_up

    path = out or runs[0].folder / "writeup.md"
    if notes_file is not None and path.resolve() == notes_file.resolve():
        raise DawnbenchError(
            f"the write-up would replace the notes in {notes_file}; name another file with -o"
        )
    write_write_up(models, rule, view, path, notes, prices=prices)
    click.echo(plain(str(path)))


def _notes_on(models: Sequence[Run], path: Path) -> Notes:
    """Read the notes, and print which models they have no section for.

    Raises:
        DawnbenchError: they cannot be read, or have no section for any of the models.
    """
    from dawnbench.report.write_up.notes import described, read_notes

    notes = read_notes(path)
    without = [model for model in models if not notes.about(model, 1)]
    if without:
        names = list(dict.fromkeys(map(described, without)))
        message = f"{path} has no text on {', '.join(names)}; begin its section with the line ## {names[0]}"
        if len(without) == len(models):
            raise DawnbenchError(message)
        click.echo(one_line(message), err=True)
    return notes
