"""What every kind of `dawnbench ab` shares: the display of the pairs, and the comparison at the end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dawnbench.cli.compare import ComparisonOptions, show_comparisons
from dawnbench.errors import DawnbenchError

if TYPE_CHECKING:
    from dawnbench.campaigns import Observer
    from dawnbench.records.reader import Run
    from dawnbench.report.display.pairs import PairsDisplay


def open_display(shown: ComparisonOptions, rule: str, trials: int, *, at_most: bool = False) -> PairsDisplay:
    """Return the display of so many pairs, which has said it if they are too few for a verdict."""
    from rich.console import Console

    from dawnbench.report.display.pairs import PairsDisplay
    from dawnbench.report.text.console import open_console
    from dawnbench.stats.comparison.trials_needed import too_few_pairs

    console = Console(stderr=True) if shown.as_json else open_console()
    display = PairsDisplay(console, rule, trials, at_most=at_most)
    if (sentence := too_few_pairs(trials)) is not None:
        display.warn(sentence)
    return display


def measure_and_compare(
    measure: Callable[[tuple[Observer, Observer]], object], display: PairsDisplay, shown: ComparisonOptions
) -> tuple[list[Run], bool]:
    """Let `measure` run the pairs, write each log.md and print the comparison.

    `measure` gets the observers of A and B. Return the runs, and whether Ctrl-C ended them.

    Raises:
        DawnbenchError: whatever `measure` raises, after the logs are written.
    """
    from dawnbench.records.reader import read_run
    from dawnbench.records.trial_set import trial_set_of

    interrupted = False
    try:
        with closing(display):
            measure((display.a, display.b))
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        with suppress(DawnbenchError):  # report the first failure
            _write_logs(display)
        raise
    runs = [read_run(folder) for folder in _write_logs(display)]
    if len(runs) == 2 and all(run.trials for run in runs):
        display.console.print()
        a, b = map(trial_set_of, runs)
        show_comparisons(a, [b], shown)
    return runs, interrupted


def _write_logs(display: PairsDisplay) -> list[Path]:
    """Write log.md into each folder that the campaign created, and return the folders, A's first."""
    from dawnbench.report.text.log import write_log

    folders = [side.folder for side in (display.a, display.b) if side.folder is not None]
    for folder in folders:
        write_log(folder)
    return folders
