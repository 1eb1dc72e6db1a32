"""The verb `dawnbench campaign`: a matrix of trials on a pool of workers, and `campaign status`."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from dawnbench.cli.exit_codes import DIVERGED, DONE, EXPLAINED, INTERRUPTED, NOT_MEASURED
from dawnbench.cli.group import main
from dawnbench.cli.options import Place
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import one_line, plain

if TYPE_CHECKING:
    from dawnbench.campaigns.matrix.coordinator import EndedAttempt
    from dawnbench.campaigns.matrix.file import CampaignPlan
    from dawnbench.campaigns.matrix.job import Executor
    from dawnbench.records.campaign import Campaign

DEFAULT = "run"
CAMPAIGNS = Path("campaigns")
"""Where campaigns' folders go."""


class RunningByDefault(click.Group):
    """A group whose first argument may also be a campaign file: `campaign FILE` is `campaign run FILE`."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Insert the default command unless the first argument names one or asks for help."""
        if args and args[0] not in self.commands and args[0] not in context.help_option_names:
            args = [DEFAULT, *args]
        return super().parse_args(context, args)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands that start like this, and let the shell complete the campaign file."""
        return [CompletionItem(incomplete, type="file"), *super().shell_complete(context, incomplete)]


@main.group(cls=RunningByDefault)
def campaign() -> None:
    """Run many trials on a pool of workers.

    `dawnbench campaign FILE` runs every trial that the campaign FILE asks for, and `dawnbench campaign status
    FOLDER` says how far it has come.
    """


@campaign.command(DEFAULT, epilog=EXPLAINED)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--out",
    type=Place(path_type=Path, file_okay=False),
    help="Folder of the campaign; by default campaigns/NAME.",
)
@click.option("--resume", is_flag=True, help="Go on where the campaign in that folder stopped.")
@click.option(
    "--retries",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    help="How often to try again a trial that dies.",
)
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    show_default="1; all that fit on Ray; 64 on Slurm",
    help="Trials at a time on this machine's processor, on Ray, or in Slurm's queue.",
)
@click.option("--ray", "ray_address", metavar="ADDRESS", help="Run on this Ray cluster; local starts one.")
@click.option("--slurm", is_flag=True, help="Run as Slurm jobs, which are requeued if preempted.")
@click.option(
    "--sbatch",
    "sbatch_options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the Slurm jobs, such as partition=gpu; repeatable.",
)
@click.option(
    "--cpus",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Cores per trial on Ray or Slurm.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Start no trial that would end later than this; local trials share processes.",
)
@click.option(
    "--study",
    type=Place(path_type=Path, dir_okay=False),
    help="Share the search with campaigns of other machines through this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object; everything else goes to stderr.")
@stopping_like_ctrl_c()
@going_on_without_readers()
def run(
    file: Path,
    out: Path | None,
    resume: bool,
    retries: int,
    minutes: float | None,
    study: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Run the trials that FILE asks for (what `campaign FILE` does).

    FILE is TOML: recipes, settings, seeds and devices, of which every combination is a trial in a process of
    its own. With a table [search], Optuna chooses the settings: those of the least time to the target that
    are accurate enough. Finished trials are kept as run folders in OUT/runs.
    """
    from dawnbench.report.text.status_line import waiting_for

    end = None if minutes is None else time.monotonic() + 60 * minutes
    with waiting_for("loading torch", silent=as_json):
        importlib.import_module("dawnbench.campaigns")
    from dawnbench.campaigns.matrix.coordinator import run_campaign
    from dawnbench.campaigns.matrix.time_limit import TimeLimit

    plan = _plan(file)
    if study is not None and plan.search is None:
        raise DawnbenchError(f"--study is for a campaign file with a search, which {file} has not")
    folder, executor = out or CAMPAIGNS / plan.name, _executor(keep=end is not None, **options)
    limit = None if end is None else TimeLimit(end - time.monotonic())
    run_all = partial(
        run_campaign,
        plan,
        folder,
        executor,
        retries=retries,
        resuming=resume,
        limit=limit,
        study=study,
    )
    _run_and_show(run_all, folder, as_json, limited=limit is not None)


def _executor(
    slots: int | None,
    ray_address: str | None,
    slurm: bool,
    sbatch_options: Sequence[str],
    cpus: int,
    keep: bool,
) -> Executor:
    """Return what is to run the trials; `keep` lets those on this machine share processes.

    Raises:
        DawnbenchError: it is not installed or not there, or two are named.
    """
    if ray_address is not None and slurm:
        raise DawnbenchError("--ray and --slurm exclude each other; name one")
    if sbatch_options and not slurm:
        raise DawnbenchError("--sbatch is for jobs of --slurm")
    if ray_address is not None:
        from dawnbench.campaigns.matrix.executors.ray_cluster import RayExecutor

        return RayExecutor(ray_address, cpus, slots)
    if slurm:
        from dawnbench.campaigns.matrix.executors.slurm import SlurmExecutor

        return SlurmExecutor(sbatch_options, cpus, slots)
    from dawnbench.campaigns.matrix.executors.kept import KeptExecutor
    from dawnbench.campaigns.matrix.executors.local import LocalExecutor

    return (KeptExecutor if keep else LocalExecutor)(slots or 1)


def _plan(file: Path) -> CampaignPlan:
    """Return what a campaign file asks for; print all of its mistakes but the last, which is raised."""
    from dawnbench.campaigns.matrix.file import CampaignFileError, load_campaign_file

    def running(recipes: Sequence[str]) -> None:
        said = f"{file} names recipe files, whose code runs now and in each trial: {', '.join(recipes)}"
        click.echo(plain(said), err=True)

    try:
        return load_campaign_file(file, running)
    except CampaignFileError as error:
        for mistake in error.mistakes[:-1]:
            click.echo(f"dawnbench: {one_line(mistake)}", err=True)
        raise DawnbenchError(error.mistakes[-1]) from error


def _run_and_show(run_all: Callable[..., None], out: Path, as_json: bool, limited: bool) -> None:
    """Run a campaign in the folder `out`, print a line per attempt and the results, and exit."""
    from dawnbench.records.campaign import read_campaign
    from dawnbench.report.text.campaign import attempt_line

    def ended(one: EndedAttempt) -> None:
        click.echo(attempt_line(one.done, one.asked, one.request, one.attempt, one.again), err=as_json)

    interrupted = False
    try:
        run_all(ended=ended)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted and not (out / "campaign.json").exists():
        sys.exit(INTERRUPTED)
    ended_campaign = read_campaign(out)
    _show(ended_campaign, as_json)
    sys.exit(INTERRUPTED if interrupted else _exit_code(ended_campaign, limited))


def _exit_code(campaign: Campaign, limited: bool) -> int:
    """Return 2 if a trial has no result, else 3 if one diverged, else 0.

    A time limit excuses those that it left no time for, and a search expects some candidates to diverge.
    """
    states = {campaign.state(request) for request in campaign.record.requests}
    if limited:
        states -= {"waiting", "interrupted"}
    if campaign.record.search is not None:
        states -= {"diverged"}
    if not states <= {"finished", "diverged"}:
        return NOT_MEASURED
    return DIVERGED if "diverged" in states else DONE


def _show(campaign: Campaign, as_json: bool) -> None:
    """Print a campaign's results so far."""
    if as_json:
        from dawnbench.export.campaign_json import campaign_json

        click.echo(campaign_json(campaign), nl=False)
        return
    from dawnbench.report.text.campaign import campaign_headline, campaign_table, campaign_words
    from dawnbench.report.text.console import open_console
    from dawnbench.stats.campaign_progress import progress_of

    console, progress = open_console(), progress_of(campaign)
    words = [campaign_headline(progress), *campaign_words(progress)]
    if campaign.record.search is None:
        console.print(campaign_table(progress))
    else:
        from dawnbench.report.text.search import search_table, search_words
        from dawnbench.stats.search_results import search_results

        results = search_results(campaign)
        console.print(search_table(results))
        words += search_words(results)
    console.print()
    for sentence in words:
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)


@campaign.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def status(folder: Path, as_json: bool) -> None:
    """Say how far the campaign in FOLDER has come, while it runs or after."""
    from dawnbench.records.campaign import read_campaign

    _show(read_campaign(folder), as_json)


@campaign.command()
@click.argument("folder", type=click.Path(path_type=Path))
def report(folder: Path) -> None:
    """Write report.md on the search in FOLDER, while it runs or after.

    It lists the best candidates and says how much of their order may be chance. The best one is written as a
    recipe, best.py, to be measured again.
    """
    from dawnbench.records.campaign import read_campaign
    from dawnbench.records.files import write
    from dawnbench.report.plots.search_plot import write_search_plots
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.search import (
        BEST,
        best_recipe,
        measure_command,
        search_page,
        search_table,
        search_words,
    )
    from dawnbench.stats.search_results import search_results

    results = search_results(read_campaign(folder))
    figures = write_search_plots(results, folder / "figures") if results.candidates else {}
    if (best := best_recipe(results)) is not None:
        write(best, folder / BEST)
    path = folder / "report.md"
    write(search_page(results, {n: f.relative_to(folder).as_posix() for n, f in figures.items()}), path)
    console = open_console()
    console.print(search_table(results))
    console.print()
    for sentence in (*search_words(results), measure_command(results) or "", str(path)):
        if sentence:
            console.print(plain(sentence), highlight=False, markup=False, soft_wrap=True)
