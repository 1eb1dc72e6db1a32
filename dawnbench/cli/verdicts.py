"""The verbs about figures: what runs came to, held against each other and against references."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from dawnbench.cli.exit_codes import EXPLAINED, REGRESS_EXPLAINED
from dawnbench.cli.group import Judging, main
from dawnbench.cli.options import (
    SHARE,
    Place,
    across_option,
    data_option,
    device_option,
    epochs_option,
    out_option,
    price_options,
    resolve,
    rule_option,
    seed_option,
    set_option,
    sides,
    target_option,
)
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.cli.streams import going_on_without_readers


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))
@click.option("--recipe", help="Only recipes with this in their name, or that fit a pattern such as 'dav*'.")
@click.option("--device", help="Only devices with this in their name, or that fit a pattern.")
@click.option("--target", help="Only runs to this accuracy, such as 0.94 or 94%.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many.")
@rule_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
def runs(folder: Path, **options: Any) -> None:
    """List the runs in FOLDER, runs/ by default."""
    from dawnbench.cli.runs import list_runs

    list_runs(folder, **options)


@main.command()
@click.argument("reference")
@click.argument("others", nargs=-1, required=True)
@rule_option
@across_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array with an object for each.")
@price_options
def compare(reference: str, others: tuple[str, ...], **options: Any) -> None:
    """Hold each of OTHERS against REFERENCE.

    Each is a run folder, a baseline file, or a quoted glob over run folders, whose trials are taken together.
    `published` as one of the two draws the other's place on the ladder of published times.
    """
    from dawnbench.cli.compare import compare_and_show

    compare_and_show(reference, others, **options)


@main.command(epilog=EXPLAINED)
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE_A [RECIPE_B]")
@click.option("--trials", type=click.IntRange(min=1), default=20, show_default=True, help="Of each recipe.")
@seed_option
@data_option
@device_option
@epochs_option
@set_option
@target_option
@out_option
@rule_option
@across_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print the comparison as a JSON array; all else goes to stderr."
)
@price_options
@stopping_like_ctrl_c()
@going_on_without_readers()
def ab(recipes: tuple[str, ...], settings: tuple[str, ...], **options: Any) -> None:
    """Run two recipes in turn and compare them pair by pair.

    The order turns with every pair (ABBA), so that no side has the colder machine. With two recipes, --set
    goes for both. With one recipe, give --set twice: first A's, then B's.
    """
    from dawnbench.recipes.constraints import check_seeds
    from dawnbench.report.status_line import waiting_for

    leaves = {leaf: options.pop(leaf) for leaf in ("data", "epochs", "target")}
    with waiting_for("loading torch", silent=options["as_json"]):
        pair = [resolve(recipe, given, **leaves) for recipe, given in sides(recipes, settings)]
        check_seeds(options["seed"], options["trials"])
        from dawnbench.cli.ab import run_and_compare

    sys.exit(run_and_compare(pair[0], pair[1], **options))


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
    from dawnbench.cli.baseline import save_baseline

    save_baseline(run, **options)


@main.command(cls=Judging, epilog=REGRESS_EXPLAINED)
@click.argument("run")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="The reference; by default baselines/RECIPE/DEVICE.json of the run's recipe and device.",
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    type=click.Choice(["time", "epochs", "accuracy", "energy"]),
    help="What to judge; repeatable. By default time, epochs and accuracy.",
)
@click.option(
    "--max-slowdown",
    type=SHARE,
    default="2%",
    show_default=True,
    help="Of time and energy: what may be lost.",
)
@click.option(
    "--max-accuracy-drop",
    type=SHARE,
    default="0.1%",
    show_default=True,
    help="Of the mean final accuracy: how many points may be lost.",
)
@rule_option
@across_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print the judgement as JSON; the closing line goes to stderr."
)
@click.option(
    "--github-summary", is_flag=True, help="Add a table to $GITHUB_STEP_SUMMARY, or print it without one."
)
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML to this file.")
@click.option(
    "--github-action-benchmark",
    type=click.Path(path_type=Path),
    help="Write customSmallerIsBetter JSON to this file.",
)
@click.option("--bencher", type=click.Path(path_type=Path), help="Write Bencher Metric Format to this file.")
def regress(run: str, **options: Any) -> None:
    """Judge RUN against a reference time to the target.

    Seconds, epochs to target and final accuracy are judged apart; the last line begins with `regress: `.
    """
    from dawnbench.cli.regress import judge_and_show

    sys.exit(judge_and_show(run, **options))
