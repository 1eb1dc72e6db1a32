"""The verb `dawnbench compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from dawnbench.cli.group import main
from dawnbench.cli.options import Place, across_option, price_options, reading_rule_option
from dawnbench.cli.run_argument import complete_run
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import plain

if TYPE_CHECKING:
    from dawnbench.records.prices import Prices
    from dawnbench.records.trial_set import TrialSet

PUBLISHED = "published"
FIGURES = (".svg", ".png")


def complete_run_or_published(context: Any, parameter: Any, incomplete: str) -> list[CompletionItem]:
    """Return the runs whose names start like this, and `published`."""
    published = [CompletionItem(PUBLISHED)] if PUBLISHED.startswith(incomplete) else []
    return [*complete_run(context, parameter, incomplete), *published]


@main.command()
@click.argument("reference", shell_complete=complete_run_or_published)
@click.argument("others", nargs=-1, metavar="OTHERS...", shell_complete=complete_run_or_published)
@reading_rule_option
@across_option
@click.option("--devices", is_flag=True, help="One table with a row per device, whose runs are pooled.")
@click.option(
    "--figure",
    type=Place(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --devices: draw time against cost into an .svg or .png file.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON array with one object per comparison or device."
)
@price_options
def compare(
    reference: str,
    others: tuple[str, ...],
    devices: bool,
    figure: Path | None,
    **options: Any,
) -> None:
    """Compare each of OTHERS with REFERENCE.

    Each is a run (its folder, its name, or latest), a baseline file, or a quoted glob of run folders, whose
    trials are pooled. `published` as one of them shows where the others rank among published times on
    CIFAR-10. Two numbers of one device give the speed-up and the efficiency. With --devices, all are runs
    of one recipe on the same data, and the table shows time, energy, cost and accuracy by device.
    """
    if not others:
        raise click.UsageError(
            f"there is nothing to compare {reference} with: name one more run at least; an unquoted pattern "
            "such as runs/* is replaced by what it matches, which is perhaps this one alone"
        )
    chosen = ComparisonOptions(**options)
    if devices:
        compare_devices_and_show((reference, *others), figure, chosen)
    elif figure is not None:
        raise click.UsageError("--figure goes with --devices")
    else:
        compare_and_show(reference, others, chosen)


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """How runs are compared and the comparison is printed."""

    rule: str | None
    """The timing rule that the verdict is by; None for that of the runs' kind."""
    across: bool
    """Compare runs with different data, targets, recipes or numbers of threads all the same."""
    as_json: bool
    """Print one JSON array."""
    prices: Prices
    """Those given on the command line."""


def compare_and_show(reference: str, others: Sequence[str], options: ComparisonOptions) -> None:
    """Print a verdict with its numbers for each of the others, and the ladder for `published`.

    Raises:
        DawnbenchError: something does not exist, two cannot be compared, or a run has no place among the
            published times.
    """
    from dawnbench.stats.pooling import open_trial_set

    named = [reference, *others]
    if PUBLISHED in named and options.as_json:
        raise DawnbenchError("the ladder of published times has no JSON form; leave out published or --json")
    opened = [open_trial_set(name) for name in named if name != PUBLISHED]
    if not opened:
        raise DawnbenchError(
            "published is a ladder of times to place a run on; name at least one run as well"
        )
    if len(opened) > 1:
        show_comparisons(opened[0], opened[1:], options)
    if PUBLISHED in named:
        from dawnbench.records.published import read_published
        from dawnbench.report.text.console import open_console
        from dawnbench.report.text.ladder_table import ladder_report

        refused = []
        for series in opened:
            try:
                found = ladder_report(series, read_published())
            except DawnbenchError as error:
                refused.append(str(error))
                continue
            open_console().print(*[""] * (len(opened) > 1), found, highlight=False, sep="\n")
        if refused:
            raise DawnbenchError("; ".join(refused))


def show_comparisons(reference: TrialSet, others: Sequence[TrialSet], options: ComparisonOptions) -> None:
    """Print a verdict with its numbers for each of the others, or all of them as one JSON array."""
    from dawnbench.cli.configuration import price_list
    from dawnbench.export.comparison_json import comparisons_json
    from dawnbench.report.text.comparison import comparison_report
    from dawnbench.report.text.console import open_console
    from dawnbench.stats.comparison.compare import compare as compare_sets

    prices = price_list(options.prices)
    found = (compare_sets(reference, other, rule=options.rule, across=options.across) for other in others)
    if options.as_json:
        click.echo(comparisons_json(found, prices), nl=False)
        return
    console = open_console()
    for i, comparison in enumerate(found):
        console.print(*[""] * bool(i), comparison_report(comparison, prices), highlight=False, sep="\n")


def compare_devices_and_show(named: Sequence[str], figure: Path | None, options: ComparisonOptions) -> None:
    """Print the table of devices, and draw time against cost into the file `figure` if it is given.

    Raises:
        DawnbenchError: something does not exist, the runs cannot be compared, or the file cannot be written.
    """
    from dawnbench.cli.configuration import price_list
    from dawnbench.export.comparison_json import devices_json
    from dawnbench.report.charts.devices import devices_chart
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.devices import devices_report, front_sentence
    from dawnbench.report.units import percent
    from dawnbench.stats.comparison.devices import compare_devices
    from dawnbench.stats.pooling import open_trial_set

    if PUBLISHED in named:
        raise DawnbenchError("published times are not of this recipe; leave out published or --devices")
    if figure is not None and figure.suffix.lower() not in FIGURES:
        raise DawnbenchError(f"{figure} is not an .svg or .png file; name one with --figure")
    opened = [open_trial_set(name) for name in named]
    found = compare_devices(opened, price_list(options.prices), rule=options.rule, across=options.across)
    if options.as_json:
        click.echo(devices_json(found), nl=False)
    else:
        open_console().print(devices_report(found), highlight=False)
    if figure is None:
        return
    trade_off, first = found.trade_off, found.devices[0].series
    if trade_off is None:
        raise DawnbenchError(f"{figure} is not written. {front_sentence(found)}")
    from dawnbench.report.plots.devices_plot import write_devices_plot

    title = f"{first.identity.recipe} to {percent(first.target)} on {first.data.source}, {found.rule} rule"
    write_devices_plot(devices_chart(trade_off, found.rule, title), figure)
    click.echo(plain(str(figure)), err=options.as_json)
