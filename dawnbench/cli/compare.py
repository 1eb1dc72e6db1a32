"""The verb `dawnbench compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from dawnbench.cli.group import main
from dawnbench.cli.options import across_option, price_options, rule_option
from dawnbench.cli.run_argument import complete_run
from dawnbench.errors import DawnbenchError

if TYPE_CHECKING:
    from dawnbench.records.trial_set import TrialSet
    from dawnbench.stats.cost import Prices

PUBLISHED = "published"


def complete_run_or_published(context: Any, parameter: Any, incomplete: str) -> list[CompletionItem]:
    """Return the runs whose names start like this, and `published`."""
    published = [CompletionItem(PUBLISHED)] if PUBLISHED.startswith(incomplete) else []
    return [*complete_run(context, parameter, incomplete), *published]


@main.command()
@click.argument("reference", shell_complete=complete_run_or_published)
@click.argument("others", nargs=-1, metavar="OTHERS...", shell_complete=complete_run_or_published)
@rule_option
@across_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array with one object per comparison.")
@price_options
def compare(
    reference: str, others: tuple[str, ...], rule: str, across: bool, as_json: bool, prices: Prices
) -> None:
    """Compare each of OTHERS with REFERENCE.

    Each is a run (its folder, its name, or latest), a baseline file, or a quoted glob of run folders, whose
    trials are pooled. `published` as one of them shows where the others rank among published times on
    CIFAR-10.
    """
    if not others:
        raise click.UsageError(
            f"there is nothing to compare {reference} with: name one more run at least; an unquoted pattern "
            "such as runs/* is replaced by what it matches, which is perhaps this one alone"
        )
    compare_and_show(reference, others, ComparisonOptions(rule, across, as_json, prices))


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """How runs are compared and the comparison is printed."""

    rule: str
    """The timing rule that the verdict is by."""
    across: bool
    """Compare runs with different data, targets, recipes or numbers of threads all the same."""
    as_json: bool
    """Print one JSON array."""
    prices: Prices
    """Those given on the command line; the configuration file has the others."""


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
    from dawnbench.cli.configuration import prices_for
    from dawnbench.export.comparison_json import comparisons_json
    from dawnbench.report.text.comparison import comparison_report
    from dawnbench.report.text.console import open_console
    from dawnbench.stats.comparison.compare import compare as compare_sets

    found = (
        (
            compare_sets(reference, other, rule=options.rule, across=options.across),
            (
                prices_for(reference.device_name, options.prices),
                prices_for(other.device_name, options.prices),
            ),
        )
        for other in others
    )
    if options.as_json:
        click.echo(comparisons_json(found), nl=False)
        return
    console = open_console()
    for i, (comparison, both) in enumerate(found):
        console.print(*[""] * bool(i), comparison_report(comparison, both), highlight=False, sep="\n")
