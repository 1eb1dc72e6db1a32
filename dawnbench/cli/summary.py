"""What a run's trials come to, printed."""

from __future__ import annotations

from collections.abc import Mapping

from dawnbench.cli.configuration import prices_for
from dawnbench.records.rules import known_rule
from dawnbench.report.console import open_console
from dawnbench.report.run_summary import summary_report
from dawnbench.stats.run_warnings import find_warnings
from dawnbench.stats.sources import open_trial_set
from dawnbench.stats.summary import summarise


def show_run(what: str, rule: str, prices: Mapping[str, float | None]) -> None:
    """Print the figures of run folders or of a baseline.

    Raises:
        DawnbenchError: nothing is there, it cannot be read, or the rule or a price is none.
    """
    known_rule(rule)
    series = open_trial_set(what)
    found = prices_for(series.device_name, **prices)
    open_console().print(
        summary_report(series, summarise(series), find_warnings(series, rule), found, rule), highlight=False
    )
