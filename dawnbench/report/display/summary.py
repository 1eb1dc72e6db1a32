"""The closing summary of a run."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from dawnbench.records.reader import Run
from dawnbench.report.units import percent, seconds
from dawnbench.safe_text import plain


def summary_table(run: Run) -> Table:
    """Return a table with each trial's time under each rule and its accuracy."""
    rules = list(run.trials[0].seconds) if run.trials else []
    table = Table(box=box.SIMPLE_HEAD, title="time to target", title_justify="left", pad_edge=False)
    for column in ("trial", *map(plain, rules), "epochs", "accuracy"):
        table.add_column(Text(column), justify="right")
    for trial in run.trials:
        epochs = "-" if trial.epochs_to_target is None else str(trial.epochs_to_target)
        times = (seconds(trial.seconds.get(rule)) for rule in rules)
        table.add_row(str(trial.trial), *times, epochs, percent(trial.accuracy))
    return table
